"""What a server is told about the HTTP door in its own process: a part of its settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from mcpgrpc.binding.limits import KIB, MIB
from mcpgrpc.gateway.settings import (
    DEFAULT_CACHE_SECONDS,
    DEFAULT_MAX_BODY_BYTES,
    DEFAULT_MAX_SESSIONS,
    checked_origin,
)
from mcpgrpc_server.listen_targets import checked_http_target
from mcpgrpc_server.setting_values import separated

Origin = Annotated[str, AfterValidator(checked_origin)]


class HttpDoorSettings(BaseModel):
    """Where MCP over HTTP is served, to whom, and how much of it."""

    http: Annotated[str, AfterValidator(checked_http_target)] = Field(
        default="",
        description="Where MCP over HTTP and WebSocket is served beside gRPC: HOST:PORT or "
        "[IPV6]:PORT, port 0 for a free one; empty for nowhere. HTTPS where there is a "
        "certificate, unless it says plaintext: in front.",
    )
    http_allow_host: Annotated[list[str], NoDecode, BeforeValidator(separated)] = Field(
        default=[],
        max_length=256,
        description="Host values that the HTTP door lets in beside loopback: NAME for any port, "
        'NAME:PORT for one, "*" for all. At most 256, since each request is compared with them.',
    )
    http_allow_origin: Annotated[list[Origin], NoDecode, BeforeValidator(separated)] = Field(
        default=[],
        max_length=256,
        description="Origins of web pages that the HTTP door lets in beside loopback, such as "
        'https://app.example; "*" for all. At most 256, since each request is compared with them.',
    )
    http_max_body_bytes: int = Field(
        default=DEFAULT_MAX_BODY_BYTES,
        ge=4 * KIB,
        le=1_024 * MIB,
        description="The largest body of a POST and the largest WebSocket message. At most 1 GiB, "
        "since each is held whole in memory.",
    )
    http_max_sessions: int = Field(
        default=DEFAULT_MAX_SESSIONS,
        ge=1,
        le=65_536,
        description="Legacy HTTP sessions and WebSockets open at once, together. At most 65,536, "
        "since each is a stream of gRPC.",
    )
    http_cache_seconds: float = Field(
        default=DEFAULT_CACHE_SECONDS,
        ge=0,
        le=86_400,
        description="The longest that the HTTP door gives a list or a read to the same caller "
        "again, where its ttlMs allows; 0 for never. Never while there is an audit, which would "
        "not see it. At most a day: a credential that is taken back may be answered for so long "
        "what it was answered before.",
    )
