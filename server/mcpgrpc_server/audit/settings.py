"""What a server is told about its audit: a part of its settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from mcpgrpc_server.setting_values import lower


class AuditSettings(BaseModel):
    """What is written down of each request."""

    audit: Annotated[Literal["off", "calls", "arguments"], BeforeValidator(lower)] = Field(
        default="off",
        description='"calls" logs a line for each stream, refusal and request (who, what, how it '
        'ended); "arguments" adds the arguments of requests, which may be confidential.',
    )
