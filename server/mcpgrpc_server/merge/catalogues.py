"""The catalogues of the stateless era: one for each caller and what its requests declare.

It knows no session; a legacy session has a catalogue of its own.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from mcpgrpc.binding import errors, json_text
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import BackendConnection, ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.caller_key import CallerKey, identity_key
from mcpgrpc_server.merge import answers
from mcpgrpc_server.merge.background import Background
from mcpgrpc_server.merge.bounds import MergeBounds
from mcpgrpc_server.merge.catalogue import Catalogue, LastKnown
from mcpgrpc_server.merge.kinds import Kind
from mcpgrpc_server.merge.listing import Listing, fetch_listing
from mcpgrpc_server.merge.member import Member
from mcpgrpc_server.one_way_client import OneWayClient

logger = logging.getLogger(__name__)

Key = TypeVar("Key")
Value = TypeVar("Value")


class RecentlyUsed(Generic[Key, Value]):
    """A mapping of so many entries; the one unused for longest goes first."""

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """An entry, which is used by that."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key]

    def put(self, key: Key, value: Value) -> Value:
        """Add an entry; gives its value."""
        self._entries[key] = value
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
        return value

    def values(self) -> list[Value]:
        """Every value."""
        return list(self._entries.values())


class Catalogues:
    """Makes and keeps them.

    Args:
        members: all of them, in their order.
        bounds: how many are kept, and for how long each holds.
        background: what reads them.
    """

    def __init__(
        self, members: Sequence[Member], bounds: MergeBounds, background: Background
    ) -> None:
        self._members = members
        self._bounds = bounds
        self._background = background
        self._last_known: RecentlyUsed[CallerKey, LastKnown] = RecentlyUsed(bounds.max_catalogues)
        self._catalogues: RecentlyUsed[tuple[CallerKey, str], tuple[Catalogue, _Stateless]] = (
            RecentlyUsed(bounds.max_catalogues)
        )

    def of(self, caller: Caller, call: ServerCall) -> Catalogue:
        """The catalogue for a request: by who asks, and by what it declares to understand."""
        envelope = _envelope(call)
        declared = json_text.dump({**envelope, answers.CLIENT_INFO_META_KEY: None})
        key = (identity_key(caller.identity), declared)
        found = self._catalogues.get(key)
        if found is None:
            source = _Stateless(self._members, caller, envelope, self._bounds)
            catalogue = Catalogue(
                self._members, source, self.last_known(caller), self._bounds, self._background
            )
            found = self._catalogues.put(key, (catalogue, source))
        # The same identity, perhaps from elsewhere: members see the RPC that reads.
        found[1].caller = caller
        return found[0]

    def last_known(self, caller: Caller) -> LastKnown:
        """What members listed last for a caller, in whatever session."""
        key = identity_key(caller.identity)
        found = self._last_known.get(key)
        return found if found is not None else self._last_known.put(key, {})

    def invalidate(self, kinds: Sequence[Kind]) -> None:
        """A member's lists have changed, for whomever."""
        for catalogue, _ in self._catalogues.values():
            catalogue.invalidate(kinds)


class _Stateless:
    """Reads the lists of members by stateless requests of its own."""

    def __init__(
        self,
        members: Sequence[Member],
        caller: Caller,
        envelope: dict[str, Any],
        bounds: MergeBounds,
    ) -> None:
        self._members = members
        self.caller = caller
        self._envelope = envelope
        self._bounds = bounds

    def available(self) -> list[int]:
        return [at for at, member in enumerate(self._members) if member.serving]

    async def listing(self, member: int, kind: Kind) -> Listing | envelope_pb2.JsonRpcResponse:
        connection = self._members[member].backend.connect(OneWayClient(self.caller))
        try:
            return await fetch_listing(kind, partial(self._page, connection, kind), self._bounds)
        except Exception:
            logger.exception("%s raised when it was listed", self._members[member].name)
            return errors.failure(errors.INTERNAL_ERROR, "Internal server error")
        finally:
            await connection.aclose()

    async def _page(
        self, connection: BackendConnection, kind: Kind, cursor: str | None
    ) -> envelope_pb2.JsonRpcResponse:
        params: dict[str, Any] = {"_meta": self._envelope}
        if cursor is not None:
            params["cursor"] = cursor
        return await connection.handle_request(
            answers.own_call(kind.list_method, params, modern=True)
        )


def _envelope(call: ServerCall) -> dict[str, Any]:
    meta = (call.params or {}).get("_meta")
    declared = meta if isinstance(meta, dict) else {}
    return {key: declared[key] for key in answers.ENVELOPE_KEYS if key in declared}
