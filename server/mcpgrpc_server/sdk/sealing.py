"""Whose keys seal an app's `requestState`: its author's, or those of the fleet that serves it.

The SDK seals and judges; this only gives it other keys in the place of the one that it makes for a
process by itself. That key looks like an author's, so it is marked when it is made: whatever is not
marked is the author's, and stays.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from mcpgrpc_server.sdk import internals

_of_process: Final[weakref.WeakSet[internals.RequestStateSecurity]] = weakref.WeakSet()
_made: Final[list[Callable[..., Any]]] = []
"""The SDK's own `ephemeral`, once it is marked."""


def mark_process_keys() -> None:
    """From now on know the keys that the SDK makes for a process; call it before an app is made."""
    policy: Any = internals.RequestStateSecurity
    if policy.ephemeral.__func__ is _marking:
        return
    _made.append(policy.ephemeral.__func__)
    policy.ephemeral = classmethod(_marking)


def _marking(cls: type[Any], /, **options: Any) -> Any:
    """In the place of `RequestStateSecurity.ephemeral`: the same, and it is remembered."""
    security = _made[0](cls, **options)
    _of_process.add(security)
    return security


def seals(server: internals.LowlevelServer) -> bool:
    """Whether an app seals `requestState` at all."""
    return any(True for _ in _policies(server))


def has_process_key(server: internals.LowlevelServer) -> bool:
    """Whether it is known to do so with a key of this process, which no other can open."""
    return any(security in _of_process for security in _policies(server))


@contextmanager
def sealed_with(
    server: internals.LowlevelServer, keys: Callable[[], tuple[bytes, ...]]
) -> Iterator[None]:
    """Let an app seal with other keys than that of its process.

    Args:
        server: the app's low-level server.
        keys: gives them, the one that seals first; the same tuple until they change. While it is
            empty, the key of the process seals; what that sealed opens here as long as it lives.
    """
    changed = [security for security in _policies(server) if security in _of_process]
    before = [security.codec for security in changed]
    for security in changed:
        security.codec = SharedKeysCodec(keys, security.codec)
    try:
        yield
    finally:
        for security, codec in zip(changed, before, strict=True):
            security.codec = codec


class SharedKeysCodec:
    """Seals with the first of some keys and opens with any of them.

    Args:
        keys: gives them.
        own: the codec of the process.
    """

    def __init__(
        self, keys: Callable[[], tuple[bytes, ...]], own: internals.RequestStateCodec
    ) -> None:
        self._keys = keys
        self._own = own
        self._made_of: tuple[bytes, ...] = ()
        self._shared: internals.RequestStateCodec = own

    def seal(self, payload: bytes) -> str:
        """The sealed payload."""
        return self._current().seal(payload)

    def unseal(self, token: str) -> bytes:
        """What was sealed. Raises the SDK's InvalidRequestState where nobody here sealed it."""
        try:
            return self._current().unseal(token)
        except internals.InvalidRequestState:
            return self._own.unseal(token)

    def _current(self) -> internals.RequestStateCodec:
        keys = self._keys()
        if keys is not self._made_of:
            self._made_of = keys
            self._shared = internals.AESGCMRequestStateCodec(keys) if keys else self._own
        return self._shared


def _policies(server: internals.LowlevelServer) -> Iterator[internals.RequestStateSecurity]:
    for each in server.middleware:
        if isinstance(each, internals.RequestStateBoundary):
            yield each._security
