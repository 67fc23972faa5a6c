"""What a server is told about its audit: a part of its settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class AuditSettings(BaseModel):
    """What is written down of each request."""

    audit: Annotated[Literal["off", "calls", "arguments"], BeforeValidator(_lower)] = Field(
        default="off",
        description='"calls" logs a line for each stream, refusal and request (who, what, how it '
        'ended); "arguments" adds the arguments of requests, which may be confidential.',
    )
