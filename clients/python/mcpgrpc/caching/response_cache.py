"""A bounded cache of answers: fresh ones by method, params and caller, until news makes them old.

It is sans-I/O: it asks nobody anything, and its clock is given to it. Answers are text, so that
nothing that a reader does to one reaches the next.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, TypeAlias

from mcpgrpc.binding.json_spans import Span
from mcpgrpc.caching.config import CacheConfig, CacheEvent
from mcpgrpc.caching.hints import Hints, hints_of, may_be_fresh
from mcpgrpc.caching.rules import (
    CACHEABLE_METHODS,
    LISTS_MADE_OLD,
    READ_METHOD,
    UPDATED_METHOD,
    params_key,
    uri_of,
)

ENTRY_OVERHEAD_BYTES: Final = 1_024
"""Counted for each answer beside its text: key, places in tables, times."""

_Key: TypeAlias = tuple[str, Hashable, str]


@dataclass(frozen=True, slots=True)
class Question:
    """A request whose answer may be kept, as it stood when it was asked.

    Attributes:
        method: of the request.
        params: what tells it from others of the method.
        caller: whose private answers it may have; None for public ones alone.
        circle: who has public answers in common with it.
        uri: of a read.
        generation: of the method's answers; news since then makes the answer old.
    """

    method: str
    params: str
    caller: Hashable | None
    circle: Hashable
    uri: str | None
    generation: int

    @property
    def keys(self) -> list[_Key]:
        """Where an answer may stand: the caller's own before that of the circle."""
        public: _Key = (self.method, ("public", self.circle), self.params)
        if self.caller is None:
            return [public]
        return [(self.method, ("private", self.caller), self.params), public]


@dataclass(frozen=True, slots=True)
class _Kept:
    before_ttl: str
    behind_ttl: str
    expires: float
    size_bytes: int
    uri: str | None

    def aged(self, now: float) -> str:
        """The result for as long as it is still fresh: who keeps it does not begin anew."""
        return f"{self.before_ttl}{int((self.expires - now) * 1_000)}{self.behind_ttl}"


class ResponseCache:
    """Keeps answers. It belongs to one event loop.

    Args:
        config: its bounds and its clock.
    """

    def __init__(self, config: CacheConfig | None = None) -> None:
        self._config = config if config is not None else CacheConfig()
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._bytes = 0
        # By method, of which there are six.
        self._generations: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size_bytes(self) -> int:
        """What the answers take, as the bound counts it."""
        return self._bytes

    def question(
        self,
        method: str,
        params_json: str | None,
        *,
        caller: Hashable | None,
        circle: Hashable = None,
    ) -> Question | None:
        """A request before it is asked; None where no answer to it may be kept.

        Args:
            method: of the request, which is of a modern revision.
            params_json: its params as they are written.
            caller: what only requests of the same caller, in the same circumstances, have equal;
                None for one who cannot be told from others.
            circle: what all have equal who may share public answers.
        """
        params = params_key(method, params_json)
        if params is None:
            return None
        uri = uri_of(params_json) if method == READ_METHOD else None
        generation = self._generations.get(method, 0)
        return Question(method, params, caller, circle, uri, generation)

    def answer(self, question: Question) -> str | None:
        """The result that is fresh now, with the time that it has left as its `ttlMs`."""
        now = self._config.clock()
        for key in question.keys:
            kept = self._kept.get(key)
            if kept is not None and now < kept.expires:
                self._kept.move_to_end(key)
                self._tell("hit", question.method)
                return kept.aged(now)
        self._tell("miss", question.method)
        return None

    def keep(self, question: Question, result_json: str) -> None:
        """Take in the result that a question got, if it says that it may be kept.

        It takes the place of what was kept before. One that news overtook on its way is not kept.
        """
        for key in question.keys:
            self._forget(key)
        hints = hints_of(result_json) if may_be_fresh(result_json) else None
        if hints is None or hints.ttl is None or hints.ttl_ms <= 0:
            return
        if question.generation != self._generations.get(question.method, 0):
            return
        if question.caller is None and not hints.is_public:
            return
        self._put(question, result_json, hints, hints.ttl)

    def heard(self, method: str, params_json: str | None) -> None:
        """A notification of the server: whatever it makes old goes."""
        for stale in LISTS_MADE_OLD.get(method, ()):
            self.drop(stale)
        if method == UPDATED_METHOD:
            self.drop(READ_METHOD, uri_of(params_json))

    def drop(self, method: str, uri: str | None = None) -> None:
        """Forget every answer to a method, whosever it is, and whatever is on its way.

        Args:
            method: whose answers are old.
            uri: the resource that has changed; reads of others stay, but for those that it is a
                part of. None for all of them.
        """
        self._generations[method] = self._generations.get(method, 0) + 1
        stale = [key for key, kept in self._kept.items() if key[0] == method and _is(uri, kept)]
        for key in stale:
            self._forget(key)
            self._tell("dropped", method)

    def clear(self) -> None:
        """Forget everything, and whatever is on its way."""
        for method in CACHEABLE_METHODS:
            self.drop(method)

    def _put(self, question: Question, result_json: str, hints: Hints, ttl: Span) -> None:
        key = question.keys[-1] if hints.is_public else question.keys[0]
        seconds = min(hints.ttl_ms / 1_000, self._config.max_ttl_seconds)
        size_bytes = (
            sys.getsizeof(result_json) + sys.getsizeof(question.params) + ENTRY_OVERHEAD_BYTES
        )
        if size_bytes > self._config.max_bytes:
            return
        expires = self._config.clock() + seconds
        before, behind = result_json[: ttl[0]], result_json[ttl[1] :]
        self._kept[key] = _Kept(before, behind, expires, size_bytes, question.uri)
        self._bytes += size_bytes
        self._tell("kept", question.method)
        while len(self._kept) > self._config.max_entries or self._bytes > self._config.max_bytes:
            oldest = next(iter(self._kept))
            self._forget(oldest)
            self._tell("dropped", oldest[0])

    def _forget(self, key: _Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= kept.size_bytes

    def _tell(self, event: CacheEvent, method: str) -> None:
        if self._config.on_event is not None:
            self._config.on_event(event, method)


def _is(uri: str | None, kept: _Kept) -> bool:
    """Whether a change of a resource is one of what is kept: of it, or of a part of it."""
    return uri is None or kept.uri is None or uri.startswith(kept.uri)
