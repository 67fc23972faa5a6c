"""What a server is told about its metrics: a part of its settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from mcpgrpc_server.listen_targets import Security, checked_target, split_security


def _checked_address(address: str) -> str:
    checked_target(address)
    if address.startswith("unix:"):
        raise ValueError("metrics are served at HOST:PORT")
    if split_security(address)[0] not in (None, Security.PLAINTEXT):
        raise ValueError("metrics are served in plaintext")
    return split_security(address)[1]


class MetricsSettings(BaseModel):
    """Where metrics are served, and how many series there may be."""

    metrics: Annotated[str, AfterValidator(lambda each: _checked_address(each) if each else "")] = (
        Field(
            default="",
            description="Where to serve metrics over HTTP (/metrics), HOST:PORT; port 0 is a free "
            "one, empty for none. Plaintext and without credentials, as Prometheus scrapes it: "
            "names of tools and upstreams can be read there.",
        )
    )
    metrics_max_tools: int = Field(
        default=200,
        ge=0,
        le=10_000,
        description="Tools that have series of their own; further ones, and names that are no "
        'tool\'s, count as "other". At most 10,000, since each has some 50 series.',
    )
