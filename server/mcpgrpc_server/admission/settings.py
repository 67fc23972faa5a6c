"""What a server is told about how much may be taken at once: by all, a caller, a connection."""

from __future__ import annotations

from pydantic import BaseModel, Field


class AdmissionSettings(BaseModel):
    """Bounds on the server, callers and connections; those of a stream stand beside them."""

    max_requests_per_server: int = Field(
        default=10_000,
        ge=0,
        le=1_000_000,
        description="Requests running at once in the process, of all callers; more are refused "
        "at once, to be sent again elsewhere or later. The default takes some 70 MB, and what the "
        "requests work on. 0 for no bound but those of callers. At most 1,000,000, since each "
        "holds a task.",
    )
    overload_not_ready_seconds: float = Field(
        default=0,
        ge=0,
        le=3_600,
        description="Health says NOT_SERVING when the server has had nearly "
        "max_requests_per_server for so long, and SERVING when it has had far less for as long. "
        "0 for never: refusals move the excess already, and replicas that all stop being ready "
        "at once serve nobody. At most an hour, which no burst lasts.",
    )
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
