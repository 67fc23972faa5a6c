"""What a server is told about rate limits: a part of its settings.

It counts nothing and connects to nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from mcpgrpc_server.rate_limits.budgets import checked_rate, checked_tool_rate
from mcpgrpc_server.setting_values import separated


class RateLimitSettings(BaseModel):
    """How often each caller may ask."""

    rate_limit: Annotated[str, AfterValidator(checked_rate)] = Field(
        default="",
        description='Requests of each caller in a moving window, such as "100/minute"; empty for '
        "no limit. initialize, ping and server/discover are not counted.",
    )
    rate_limit_tool: Annotated[
        list[Annotated[str, AfterValidator(checked_tool_rate)]],
        NoDecode,
        BeforeValidator(separated),
    ] = Field(
        default=[],
        max_length=256,
        description='Calls of one tool by each caller, such as "search=10/minute"; "*" in the '
        "place of the tool is each tool by itself. At most 256, since each call asks all of them.",
    )
    redis: SecretStr = Field(
        default=SecretStr(""),
        description="The Redis that servers of one fleet share: in it they count requests "
        "together, have the keys that seal requestState, and tell each other of changes. redis://, "
        "rediss:// or unix://. Empty keeps all of that in this process alone.",
    )
    redis_away: Literal["open", "closed"] = Field(
        default="open",
        description='What becomes of requests while Redis is away: "open" lets them through '
        'uncounted, "closed" refuses them UNAVAILABLE. A server that starts meanwhile seals '
        'requestState with a key of its own where "open", and is not ready where "closed".',
    )

    @model_validator(mode="after")
    def _redis_is_an_address(self) -> Self:
        url = self.redis.get_secret_value()
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("redis is an address that begins redis://, rediss:// or unix://")
        return self
