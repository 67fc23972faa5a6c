"""Where an issuer's keys come from, and how new they are: a file, or an endpoint that is asked.

It neither speaks HTTP (`jwks_endpoint` does) nor verifies a token.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from mcpgrpc.logs.redaction import escape_controls
from mcpgrpc_server.authentication.json_web_keys import KeySet, parse_key_set
from mcpgrpc_server.identity import ProofUnavailableError
from mcpgrpc_server.watched_file import DEFAULT_INTERVAL_SECONDS, WatchedFile

logger = logging.getLogger(__name__)


class KeysUnavailableError(ProofUnavailableError):
    """Nobody knows now which keys are good, so nothing can be said about a token."""

    def __init__(self) -> None:
        super().__init__("the keys that verify tokens cannot be fetched now; try again later")


class KeySource(Protocol):
    """Gives the keys that are in force."""

    async def current(self) -> KeySet:
        """The keys in force; the same object for as long as they are the same.

        Raises:
            KeysUnavailableError: there are none.
        """
        ...

    async def newer_than(self, seen: KeySet) -> KeySet:
        """The keys after looking for newer ones, as often as that is allowed; maybe `seen` again.

        Raises:
            KeysUnavailableError: they could not be looked for.
        """
        ...

    def prefetch(self) -> None:
        """Begin to look, in the background, so that the first caller need not wait."""
        ...

    async def close(self) -> None:
        """Stop looking."""
        ...


class KeyFile:
    """The keys in a JWKS file, which is read again when it changes.

    Args:
        path: the file.
        interval_seconds: it is looked at no more often than this.

    Raises:
        WatchedFileError: it cannot be read or is no JWKS.
    """

    def __init__(self, path: str, interval_seconds: float = DEFAULT_INTERVAL_SECONDS) -> None:
        self._file = WatchedFile(
            path, parse_key_set, what="JSON Web Key Set", interval_seconds=interval_seconds
        )

    async def current(self) -> KeySet:
        """The keys in the file."""
        return self._file.value

    async def newer_than(self, seen: KeySet) -> KeySet:
        """The keys in the file: a look at it is cheap and bounded by itself."""
        return self._file.value

    def prefetch(self) -> None:
        """Nothing: the file has been read."""

    async def close(self) -> None:
        """Nothing runs."""


@dataclass(frozen=True, slots=True)
class FetchedKeys:
    """What an endpoint answered.

    Attributes:
        contents: the JWKS.
        max_age_seconds: how long the endpoint calls it fresh; None when it does not say.
    """

    contents: bytes
    max_age_seconds: float | None


class KeyFetchError(Exception):
    """The keys could not be fetched; the message says from where and why, in one line."""


Fetch: TypeAlias = Callable[[], Awaitable[FetchedKeys]]


@dataclass(frozen=True, slots=True)
class RefreshBounds:
    """How often an endpoint is asked, and how long its answer counts.

    Attributes:
        floor_seconds: the least time between two fetches, whoever asks for them.
        max_age_seconds: keys older than this are fetched again, however long the endpoint calls
            them fresh: a key that was withdrawn stops working so soon.
        max_stale_seconds: keys of this age are given up when no fetch has succeeded.
    """

    floor_seconds: float = 10
    max_age_seconds: float = 300
    max_stale_seconds: float = 86_400


class KeyEndpoint:
    """The keys of an endpoint: fetched when needed, one fetch at a time, seldom enough.

    Keys that are no longer fresh are used while new ones are fetched; only after a long silence
    does a caller wait. A failed fetch leaves the keys in force. It belongs to one event loop.

    Args:
        fetch: asks the endpoint, bounded in time and size; raises `KeyFetchError`.
        bounds: how often.
        now: a clock in seconds that never goes back.
    """

    def __init__(
        self,
        fetch: Fetch,
        bounds: RefreshBounds | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._bounds = bounds if bounds is not None else RefreshBounds()
        self._now = now
        self._keys: KeySet | None = None
        self._contents = b""
        self._fetched_at = -_LONG_AGO
        self._fresh_seconds = 0.0
        self._tried_at = -_LONG_AGO
        self._failure: str | None = None
        self._refresh: asyncio.Task[None] | None = None

    async def current(self) -> KeySet:
        """The keys in force."""
        age = self._now() - self._fetched_at
        if age > self._fresh_seconds:
            self.prefetch()
        if age > self._fresh_seconds + self._bounds.max_age_seconds:
            await self._refreshed()
        if self._keys is None or self._now() - self._fetched_at > self._bounds.max_stale_seconds:
            raise KeysUnavailableError
        return self._keys

    async def newer_than(self, seen: KeySet) -> KeySet:
        """The keys in force, newer ones if they are there and the floor lets them be fetched."""
        if self._keys is seen:
            self.prefetch()
            await self._refreshed()
        if self._keys is None or self._failure is not None:
            raise KeysUnavailableError
        return self._keys

    def prefetch(self) -> None:
        """Begin a fetch, unless one runs or the last one was a moment ago."""
        is_running = self._refresh is not None and not self._refresh.done()
        if is_running or self._now() - self._tried_at < self._bounds.floor_seconds:
            return
        self._tried_at = self._now()
        self._refresh = asyncio.create_task(self._fetch_keys(), name="fetching the JWKS")

    async def close(self) -> None:
        """Give a running fetch up."""
        if self._refresh is not None and not self._refresh.done():
            self._refresh.cancel()
            await asyncio.wait({self._refresh})

    async def _refreshed(self) -> None:
        """Wait for the fetch that runs, if one does; all who wait share it."""
        if self._refresh is not None:
            # A caller that gives up must not cancel what others wait for.
            await asyncio.wait({self._refresh})

    async def _fetch_keys(self) -> None:
        try:
            fetched = await self._fetch()
            self._take(fetched)
        except KeyFetchError as error:
            self._failed(str(error))
        except ValueError as error:
            self._failed(f"the JSON Web Key Set cannot be used: {error}")

    def _take(self, fetched: FetchedKeys) -> None:
        if fetched.contents != self._contents:
            self._keys = parse_key_set(fetched.contents)
            self._contents = fetched.contents
            logger.info("fetched the JSON Web Key Set: %d keys", len(self._keys))
        elif self._failure is not None:
            logger.info("the JSON Web Key Set can be fetched again; its keys are the same")
        told_seconds = fetched.max_age_seconds
        at_most = self._bounds.max_age_seconds
        self._fresh_seconds = at_most if told_seconds is None else min(told_seconds, at_most)
        self._fetched_at = self._now()
        self._failure = None

    def _failed(self, why: str) -> None:
        # An endpoint that stays away is said once, not at every attempt.
        level = logging.DEBUG if why == self._failure else logging.ERROR
        left = "no token is accepted" if self._keys is None else "the keys before stay in force"
        logger.log(level, "%s; %s", escape_controls(why), left)
        self._failure = why


_LONG_AGO: Final = 1e12
"""Before any time that a clock shows."""
