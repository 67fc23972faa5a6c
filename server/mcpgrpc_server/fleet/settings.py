"""What a server is told about the fleet that it is one of: a part of its settings.

It reads no file and connects to nothing. The address of Redis itself stands with the rate limits,
which used it first.
"""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, Field

DEFAULT_PREFIX: Final = "mcpgrpc"


class FleetSettings(BaseModel):
    """What replicas of one service share."""

    redis_prefix: str = Field(
        default=DEFAULT_PREFIX,
        pattern=r"^[A-Za-z0-9._:-]{1,64}$",
        description="In front of every key and channel in Redis, so that two services, or two "
        "fleets of one, can share a Redis. 1 to 64 letters, digits, dots, colons, dashes and "
        "underscores, which need no quoting in an ACL.",
    )
    state_keys: str = Field(
        default="",
        description="A file with secrets of at least 32 bytes, one a line, that seal requestState, "
        "so that every replica opens what another sealed: the first seals, all open. At most 8. "
        "Read again when it changes. Keys that the app was made with go before it; without it they "
        "are shared through redis, else each process has one of its own.",
    )
    state_key_rotation_seconds: float = Field(
        default=86_400,
        ge=3_600,
        le=2_592_000,
        description="How often the keys in redis that seal requestState get a new one. At least an "
        "hour, since a question to a user may be open for so long; at most 30 days, since whoever "
        "once read a key can forge states until it is gone, four times this later.",
    )
