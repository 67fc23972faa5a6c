"""The id by which the lines of one request are found, at every hop: who gives it, and where it is.

It is no trace and proves nothing: whoever calls may choose it. It opens no span and measures
nothing; where nobody writes a line it costs nothing either, since ids are found when they are read.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Protocol

from mcpgrpc.logs.redaction import redact
from mcpgrpc.tracing.fields import well_formed_traceparent

HEADER: Final = "x-request-id"
"""The header or metadata that carries it from hop to hop."""

FIELD: Final = "correlation_id"
"""Its name in a line; `request_id` is that of JSON-RPC there."""

MAX_CHARACTERS: Final = 128

# What ids are made of in practice: hexadecimal, UUIDs, base64, dotted paths. No blanks or quotes,
# which would make a line ambiguous.
_SANE: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:/+=@~-]{{0,{MAX_CHARACTERS - 1}}}")

_TRACE_ID: Final = slice(3, 35)
"""Where it stands in a `traceparent`, behind the version."""


class Correlated(Protocol):
    """Something under way that has an id."""

    @property
    def correlation_id(self) -> str:
        """Its id; the same each time. Asked from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """Something whose id is known from the beginning."""

    correlation_id: str


current: Final[ContextVar[Correlated | None]] = ContextVar("correlated", default=None)
"""What is being handled, in its task and in what that starts; None outside of any request."""


def current_id() -> str:
    """The id of the request that is being handled here; empty outside of any."""
    correlated = current.get()
    return "" if correlated is None else correlated.correlation_id


@contextmanager
def handling(correlated: Correlated | None) -> Iterator[None]:
    """What is logged within belongs to this; with None to no request."""
    token = current.set(correlated)
    try:
        yield
    finally:
        current.reset(token)


def sane(value: object) -> str:
    """A caller's id as it may be taken over; empty where it may not.

    It goes into logs and on to upstreams, so it is bounded, plain, and nothing like a credential.
    """
    if not isinstance(value, str) or not _SANE.fullmatch(value):
        return ""
    return value if redact(value) == value else ""


def trace_id(traceparent: object) -> str:
    """The trace id of a `traceparent`, 32 hexadecimal digits; empty where it is none."""
    if not isinstance(traceparent, str):
        return ""
    found = well_formed_traceparent(traceparent)
    return "" if found is None else found[_TRACE_ID]


def given_id(request_ids: Iterable[object], traceparents: Iterable[object]) -> str:
    """The id that a request brings: the first that is sane, else its trace's; empty without one."""
    asked, traced = map(sane, request_ids), map(trace_id, traceparents)
    return next(filter(None, asked), "") or next(filter(None, traced), "")


def new_id() -> str:
    """An id of our own, for a request that brings none: 32 hexadecimal digits."""
    return os.urandom(16).hex()


class CorrelationFilter(logging.Filter):
    """Lets every record pass, and notes on it which request it belongs to, as `correlation_id`.

    It is for handlers, so that it also sees records of loggers below that propagate.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Note the id, unless whoever logs has said it."""
        if FIELD not in vars(record) and (found := current_id()):
            vars(record)[FIELD] = found
        return True
