"""What a server is told about how long answers hold: a part of its settings.

It keeps nothing itself; `backend` does.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from mcpgrpc.binding.limits import KIB, MIB
from mcpgrpc.caching.rules import CACHEABLE_METHODS
from mcpgrpc_server.setting_values import separated

MAX_TTL_SECONDS: Final = 86_400.0


def checked_ttl(text: str) -> str:
    """The text itself, such as "tools/list=60". Raises ValueError else."""
    _ttl(text)
    return text


def checked_method(method: str) -> str:
    """The method itself. Raises ValueError where its results say nothing about being kept."""
    if method not in CACHEABLE_METHODS:
        raise ValueError(f"{method!r} is none of {', '.join(sorted(CACHEABLE_METHODS))}")
    return method


def ttls_of(texts: list[str]) -> dict[str, int]:
    """The milliseconds of each method named by checked texts; the last one counts."""
    return dict(_ttl(text) for text in texts)


def _ttl(text: str) -> tuple[str, int]:
    method, _, number = text.partition("=")
    checked_method(method)
    try:
        seconds = float(number)
    except ValueError:
        raise ValueError("a time to live is METHOD=SECONDS, such as tools/list=60") from None
    if not 0 < seconds <= MAX_TTL_SECONDS:
        raise ValueError("a time to live is above 0 and at most a day, 86400 s")
    return method, max(1, round(seconds * 1_000))


class CachingSettings(BaseModel):
    """How long answers hold, and which of them the server keeps itself."""

    cache_ttl: Annotated[
        list[Annotated[str, AfterValidator(checked_ttl)]],
        NoDecode,
        BeforeValidator(separated),
    ] = Field(
        default=[],
        max_length=len(CACHEABLE_METHODS),
        description='How long results of a method hold, such as "tools/list=60": METHOD=SECONDS, '
        "announced to clients of 2026-07-28 as ttlMs, where the app's own is 0 or missing. At most "
        "one for each of the six methods that have it, and at most a day, which clients keep no "
        "result beyond.",
    )
    cache_results: Annotated[
        list[Annotated[str, AfterValidator(checked_method)]],
        NoDecode,
        BeforeValidator(separated),
    ] = Field(
        default=[],
        max_length=len(CACHEABLE_METHODS),
        description="Methods whose results the server keeps itself for as long as they hold, and "
        "gives again to the same caller without asking the app or the upstream. At most the six "
        "methods whose results say how long they hold.",
    )
    max_cache_entries: int = Field(
        default=1_024,
        ge=1,
        le=16_384,
        description="Results kept at once; the one unused for longest goes first. At most 16,384, "
        "since each change of a resource is compared with all of them.",
    )
    max_cache_bytes: int = Field(
        default=64 * MIB,
        ge=64 * KIB,
        le=16_384 * MIB,
        description="Memory that kept results take together; a larger one is not kept. At least "
        "64 KiB, which a list needs; at most 16 GiB, beyond which entries are the bound.",
    )
