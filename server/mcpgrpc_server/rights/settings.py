"""What a server is told about rights: a part of its settings.

It reads no file; `stages` does, when the server is made.
"""

from __future__ import annotations

from pydantic import BaseModel, Field


class RightsSettings(BaseModel):
    """Who may call what."""

    policy: str = Field(
        default="",
        description="The file that says who may call what, in TOML; read again when it changes. "
        "With it, what no rule gives is not given. Empty for no policy.",
    )
