"""`mcp-method` and `mcp-name`: metadata that mirrors a request, for proxies that rule by it.

It decides nothing about who may call what; it makes sure that a proxy which does so has read what
is true.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Final

METHOD_KEY: Final = "mcp-method"
NAME_KEY: Final = "mcp-name"

_ENCODED_BEGIN: Final = "=?base64?"
_ENCODED_END: Final = "?="


MIRROR_KEYS: Final = frozenset({METHOD_KEY, NAME_KEY})


def contradiction(
    metadata: Iterable[tuple[str, str | bytes]], method: str, target: str | None
) -> str | None:
    """What is wrong with the mirrors of a request; None when they tell the truth, or nothing.

    Args:
        metadata: what came with the RPC.
        method: of the request.
        target: the tool's or prompt's name or the resource's URI that it is about.
    """
    pairs = [(key, value) for key, value in metadata if key in MIRROR_KEYS]
    for key, truth in ((METHOD_KEY, method), (NAME_KEY, target)):
        said = [value for each, value in pairs if each == key]
        if len(said) > 1:
            return f"{key} stands twice in the metadata"
        if said and _decoded(said[0]) != truth:
            return f"{key} in the metadata is not what the request says"
    return None


def _decoded(value: str | bytes) -> str | None:
    """The text of a mirror, which may be in base64 of UTF-8; None for what is no text."""
    if isinstance(value, bytes):
        return None
    if not (value.startswith(_ENCODED_BEGIN) and value.endswith(_ENCODED_END)):
        return value
    encoded = value[len(_ENCODED_BEGIN) : -len(_ENCODED_END)]
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
