"""Whether a tool's result, as text, says that the tool failed.

It reads no result whole that need not be: telemetry asks on the way of every call.
"""

from __future__ import annotations

from typing import Final

from mcpgrpc.binding import json_text

_ERROR_FORM: Final = '"isError":true'
_SPACED_ERROR_FORM: Final = '"isError": true'
"""As JSON is written. Inside of a string the quotes would have backslashes."""


def says_error(result_json: str) -> bool:
    """Whether a tool's result has `isError`; what is no JSON says nothing.

    Only a text that may have it is parsed.
    """
    if _ERROR_FORM not in result_json and _SPACED_ERROR_FORM not in result_json:
        return False
    try:
        result = json_text.parse_object(result_json)
    except json_text.JsonTextError:
        return False
    return result is not None and result.get("isError") is True
