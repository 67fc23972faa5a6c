"""What never reaches a log: credentials, and characters that would forge or break a line.

It is not a formatter, and it guards no wire: it knows text, and what callers put into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

REDACTED: Final = "[redacted]"

MAX_NAMES: Final = 256
"""Names hidden beyond those below: each line is searched for all of them."""

MAX_DEPTH: Final = 16
"""Of JSON that is searched for names."""

SECRET_NAMES: Final = frozenset(
    {
        # Headers and metadata.
        *("authorization", "proxy-authorization", "x-api-key", "cookie", "set-cookie"),
        *("mcp-session-id", "x-forwarded-client-cert"),
        # Fields and arguments.
        *("password", "passwd", "passphrase", "secret", "client-secret", "private-key"),
        *("token", "access-token", "refresh-token", "id-token", "api-key", "apikey"),
        *("credential", "credentials"),
    }
)
"""Names of headers, metadata, fields and arguments whose values are hidden whole."""

# In plain text most of those are words of everyday sentences; these are not.
_NAMES_IN_TEXT: Final = ("authorization", "x-api-key", "cookie")

# A name, then its value as `name: value`, `{'name': 'value'}`, `('name', b'value')` or grpc's
# `_Metadatum(key='name', value='value')`. Without a quote the value ends with its line: taking too
# much loses a word of a log, taking too little publishes a credential.
_VALUE: Final = (
    r"(?P<glue>\\*[\"']?\s*[:=]\s*|\\*[\"']\s*,\s*(?:value\s*=\s*)?)"
    r"(?:b?\\*(?P<quote>[\"'])(?:\\.|(?!(?P=quote)).)*(?P=quote)?|[^\r\n]+)"
)
_BEARER = re.compile(r"\b(bearer)(?:\s|\\[tnr])+(?!tokens?\b)[\w.~+/=-]+", re.IGNORECASE)
# An API key is `mcpgrpc_<id>_<secret>`. The id stays: it says whose key it was.
_API_KEY = re.compile(r"(?<![A-Za-z0-9])(mcpgrpc_[A-Za-z0-9-]+_)[\w.~+/=-]+")
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")

_SIGNS: Final = ("bearer", "mcpgrpc_", "eyj", *_NAMES_IN_TEXT)
"""All that the patterns find holds one of these, or of a further name, once in lower case."""

# C0, DEL and C1 (terminals obey them), line separators, and what turns the direction of text.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,126}[A-Za-z0-9])?")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Redaction:
    """Hides credentials, wherever they stand, and the values of names beyond the built-in ones.

    Args:
        names: of headers, fields and arguments; `card_number` is also `cardNumber` and
            `Card-Number`. Nothing that is hidden without them is shown because of them.

    Raises:
        ValueError: a name is none, or there are too many.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        further = sorted({_normal(checked_name(each)) for each in names})
        if len(further) > MAX_NAMES:
            raise ValueError(f"at most {MAX_NAMES} names are hidden, not {len(further)}")
        self._names = SECRET_NAMES.union(further)
        # However a name is spelt, its words are there; the longest is the rarest elsewhere.
        self._signs = (*_SIGNS, *{max(each.split("-"), key=len) for each in further})
        words = "|".join(re.escape(each).replace(r"\-", "[-_]?") for each in further)
        in_text = "|".join(_NAMES_IN_TEXT)
        in_text += f"|(?<![A-Za-z0-9])(?:{words})" if words else ""
        self._named = re.compile(
            rf"(?P<name>(?:{in_text})(?![A-Za-z0-9])){_VALUE}", re.IGNORECASE | re.DOTALL
        )

    def hides(self, name: str) -> bool:
        """Whether a header, metadata key, field or argument of this name is hidden."""
        return _normal(name) in self._names

    def leaves(self, text: str) -> bool:
        """Whether a text stays as it is, as most do; quick to say, and False for some that stay."""
        # Only in ASCII: to a pattern that ignores case, a long s is an "s" and a dotless i an "i".
        if not text.isascii():
            return False
        lowered = text.lower()
        for sign in self._signs:  # noqa: SIM110 - a generator takes three times as long
            if sign in lowered:
                return False
        return True

    def text(self, text: str) -> str:
        """The text with every credential in it replaced; linear in its length."""
        if self.leaves(text):
            return text
        text = self._named.sub(rf"\g<name>\g<glue>{REDACTED}", text)
        text = _BEARER.sub(rf"\1 {REDACTED}", text)
        text = _API_KEY.sub(rf"\1{REDACTED}", text)
        return _JWT.sub(REDACTED, text)

    def members(self, value: Any, depth: int = MAX_DEPTH) -> Any:
        """JSON with the values of hidden names replaced, and so is what is nested too deeply."""
        if not isinstance(value, Mapping | list | tuple):
            return value
        if not depth:
            return REDACTED
        if isinstance(value, Mapping):
            return {name: self._member(str(name), each, depth) for name, each in value.items()}
        return [self.members(each, depth - 1) for each in value]

    def _member(self, name: str, value: Any, depth: int) -> Any:
        return REDACTED if self.hides(name) else self.members(value, depth - 1)


BUILT_IN: Final = Redaction()
"""What is hidden whatever the settings say."""


def checked_name(name: str) -> str:
    """The name itself.

    Raises:
        ValueError: it is no name of a header, a field or an argument.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name: letters, digits and _ . - inside, at most 128")
    return name


def is_secret_name(name: str) -> bool:
    """Whether a header, metadata key or field of this name holds a credential."""
    return BUILT_IN.hides(name)


def redact(text: str) -> str:
    """The text with every credential in it replaced; linear in its length."""
    return BUILT_IN.text(text)


def escape_controls(text: str) -> str:
    """The text on one line, with control characters as Python escapes."""
    if text.isprintable():  # None of those is, and most texts are.
        return text
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def clip(text: str, max_characters: int) -> str:
    """The text, or its beginning and how long the whole was."""
    if len(text) <= max_characters:
        return text
    return f"{text[:max_characters]}… ({len(text)} characters)"


def _normal(name: str) -> str:
    lowered = name.lower()
    # Without capitals there are no humps; to look for them takes many times as long.
    parted = lowered if lowered == name else _HUMP.sub("-", name).lower()
    return parted.replace("_", "-")
