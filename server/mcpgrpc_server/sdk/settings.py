"""What a server is told about how it calls an SDK app: a part of its settings, without the SDK."""

from __future__ import annotations

from pydantic import BaseModel, Field


class DispatchSettings(BaseModel):
    """How requests reach an app."""

    direct_dispatch: bool = Field(
        default=True,
        description="Call an app's handlers and plain tools without the steps of the SDK that do "
        "nothing for the request at hand; answers and logs are the same. Turned off, each request "
        "takes all of them.",
    )
