"""What never reaches a log: credentials, and characters that would forge or break a line.

It is not a formatter, and it guards no wire: it knows text, and what callers put into it.
"""

from __future__ import annotations

import re
from typing import Final

REDACTED: Final = "[redacted]"

SECRET_NAMES: Final = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "cookie", "set-cookie"}
)
"""Names of headers and metadata whose values are credentials."""

# A name, then its value as `name: value`, `{'name': 'value'}`, `('name', b'value')` or grpc's
# `_Metadatum(key='name', value='value')`. Without a quote the value ends with its line: taking too
# much loses a word of a log, taking too little publishes a credential.
_NAMED = re.compile(
    r"(?P<name>(?:authorization|x-api-key|cookie)\b)"
    r"(?P<glue>\\*[\"']?\s*[:=]\s*|\\*[\"']\s*,\s*(?:value\s*=\s*)?)"
    r"(?:b?\\*(?P<quote>[\"'])(?:\\.|(?!(?P=quote)).)*(?P=quote)?|[^\r\n]+)",
    re.IGNORECASE | re.DOTALL,
)
_BEARER = re.compile(r"\b(bearer)(?:\s|\\[tnr])+(?!tokens?\b)[\w.~+/=-]+", re.IGNORECASE)
# An API key is `mcpgrpc_<id>_<secret>`. The id stays: it says whose key it was.
_API_KEY = re.compile(r"(?<![A-Za-z0-9])(mcpgrpc_[A-Za-z0-9-]+_)[\w.~+/=-]+")
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")

# C0, DEL and C1 (terminals obey them), line separators, and what turns the direction of text.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def is_secret_name(name: str) -> bool:
    """Whether a header, metadata key or field of this name holds a credential."""
    return name.lower().replace("_", "-") in SECRET_NAMES


def redact(text: str) -> str:
    """The text with every credential in it replaced; linear in its length."""
    text = _NAMED.sub(rf"\g<name>\g<glue>{REDACTED}", text)
    text = _BEARER.sub(rf"\1 {REDACTED}", text)
    text = _API_KEY.sub(rf"\1{REDACTED}", text)
    return _JWT.sub(REDACTED, text)


def escape_controls(text: str) -> str:
    """The text on one line, with control characters as Python escapes."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def clip(text: str, max_characters: int) -> str:
    """The text, or its beginning and how long the whole was."""
    if len(text) <= max_characters:
        return text
    return f"{text[:max_characters]}… ({len(text)} characters)"
