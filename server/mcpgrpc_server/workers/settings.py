"""What `serve` is told about its workers: a part of the settings.

It starts nothing; `supervisor` does.
"""

from __future__ import annotations

from pydantic import BaseModel, Field


class WorkerSettings(BaseModel):
    """How many processes serve, and when one of them counts as stuck."""

    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Processes that serve on the same ports, one for each core that is to be used; "
        "of `mcpgrpc serve` alone, and on Linux alone where there are several. At most 256, since "
        "each is a whole server with its own app.",
    )
    worker_hang_seconds: float = Field(
        default=30,
        ge=1,
        le=3_600,
        description="A worker whose event loop does nothing for so long is replaced. At least 1 s, "
        "which a busy machine needs; at most an hour, since whoever is connected to it waits.",
    )
