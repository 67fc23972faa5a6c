"""What a server is told about who gets in: a part of its settings.

It reads no file; `wiring` does, when the server is made.
"""

from __future__ import annotations

from pydantic import BaseModel, Field


class AuthenticationSettings(BaseModel):
    """Which credentials are taken, and who needs none."""

    allow_anonymous: bool = Field(
        default=False,
        description="Callers without credentials are meant: where other machines can connect, and "
        "beside those whose credentials are taken. A credential that is presented must hold.",
    )
    api_keys: str = Field(
        default="",
        description="The API keys that are taken: a file, as `mcpgrpc keys` writes it, that is "
        "read again when it changes. Empty for none.",
    )
    authenticate_health: bool = Field(
        default=False,
        description="Callers of the health service need credentials as well, where any are "
        "taken. Kubernetes' probes have none.",
    )
    authenticate_reflection: bool = Field(
        default=True,
        description="Callers of gRPC reflection need credentials as all others do, where any are "
        "taken.",
    )
