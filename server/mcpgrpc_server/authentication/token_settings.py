"""What a server is told about access tokens and about proxies in front: a part of its settings.

It fetches nothing and checks nothing against the rest; `token_wiring` does, when the server is
made.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from mcpgrpc_server.authentication.certificate_names import checked_proxy_name
from mcpgrpc_server.setting_values import separated

Audience = Annotated[str, Field(min_length=1, max_length=1_024)]
ProxyName = Annotated[str, AfterValidator(checked_proxy_name)]


class TokenSettings(BaseModel):
    """Which tokens are taken, with whose keys, and who may speak for another's certificate."""

    jwt_issuer: str = Field(
        default="",
        max_length=2_048,
        description="The issuer of the access tokens (JWT) that are taken, character by character "
        "as their `iss` has it. Empty takes none.",
    )
    jwt_audience: Annotated[list[Audience], NoDecode, BeforeValidator(separated)] = Field(
        default=[],
        max_length=16,
        description="What this service is called in the `aud` of tokens; one of these must be "
        "there. Needed with jwt_issuer: a token for another service must not open this one.",
    )
    jwks: str = Field(
        default="",
        max_length=2_048,
        description="The issuer's keys: a JWKS file that is read again when it changes, or a URL. "
        "Empty for where the issuer's OpenID configuration says.",
    )
    jwt_clock_skew_seconds: float = Field(
        default=30,
        ge=0,
        le=300,
        description="How far the issuer's clock may be ahead, for `nbf` and `iat`. At most five "
        "minutes. A token ends exactly at its `exp`.",
    )
    jwks_min_interval_seconds: float = Field(
        default=10,
        ge=1,
        le=3_600,
        description="Keys are fetched no more often than this, whatever key ids callers invent. "
        "At least 1 s, for the endpoint's sake; at most an hour, since new keys wait for it.",
    )
    jwks_max_age_seconds: float = Field(
        default=300,
        ge=1,
        le=86_400,
        description="Fetched keys are fetched again after this, sooner if the endpoint's "
        "Cache-Control says so. At most a day: a withdrawn key works until then.",
    )
    jwks_max_stale_seconds: float = Field(
        default=86_400,
        ge=0,
        le=604_800,
        description="How long fetched keys stay in force while the endpoint is away; then tokens "
        "are refused UNAVAILABLE. At most a week: nobody can withdraw a key meanwhile.",
    )
    trusted_proxy: Annotated[list[ProxyName], NoDecode, BeforeValidator(separated)] = Field(
        default=[],
        max_length=64,
        description="Proxies whose `x-forwarded-client-cert` says who calls: by the name in their "
        "client certificate (spiffe://... or a DNS name), or unix:PATH for whoever connects to "
        "that listener. From all others the header is dropped.",
    )
