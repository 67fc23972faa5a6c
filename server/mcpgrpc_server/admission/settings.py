"""What a server is told about how much one caller, or one connection, may take at once."""

from __future__ import annotations

from pydantic import BaseModel, Field


class AdmissionSettings(BaseModel):
    """Bounds on callers and connections; those of a single stream stand beside them."""

    max_requests_per_caller: int = Field(
        default=4_096,
        ge=1,
        le=1_000_000,
        description="Requests of one caller running at once, over all of its streams. At least 1, "
        "or nothing runs; at most 1,000,000, since each holds a task.",
    )
    max_streams_per_caller: int = Field(
        default=4_096,
        ge=1,
        le=1_000_000,
        description="Sessions, and Calls that subscribe, of one caller open at once, over all of "
        "its connections. Callers without identity are told apart by host alone: those behind one "
        "HTTP door are one, so at least what that door lets in. At most 1,000,000, since each "
        "holds memory.",
    )
    max_connections: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="Connections open at once on a listener; more are closed as they come. At "
        "most 1,000,000, since each holds a file descriptor.",
    )
    max_connection_idle_seconds: float = Field(
        default=900,
        gt=0,
        le=86_400,
        description="A connection without a stream or Call for so long is closed; its client opens "
        "another when it needs one. At most a day, since each holds memory.",
    )
