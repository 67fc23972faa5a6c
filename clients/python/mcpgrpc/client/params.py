"""Members of params that several methods share, left out where they say nothing.

It knows no method.
"""

from __future__ import annotations

from typing import Any


def retry_params(
    input_responses: dict[str, Any] | None, request_state: str | None
) -> dict[str, Any]:
    """What a call says that answers an `input_required` result."""
    retry: dict[str, Any] = {}
    if input_responses is not None:
        retry["inputResponses"] = input_responses
    if request_state is not None:
        retry["requestState"] = request_state
    return retry


def meta_params(meta: dict[str, Any] | None) -> dict[str, Any]:
    """The caller's own `_meta`."""
    return {} if meta is None else {"_meta": meta}
