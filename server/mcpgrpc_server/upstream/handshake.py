"""Finding out what an upstream is: its era, its name, and a session of the legacy era with it.

It carries no request of a client.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from mcpgrpc.binding import errors, json_text
from mcpgrpc.binding.era import LEGACY_VERSIONS, MODERN_VERSIONS, PROTOCOL_VERSION_META_KEY
from mcpgrpc.client.handshake import DEFAULT_CLIENT_INFO
from mcpgrpc.errors import ConnectError, ConnectionLost
from mcpgrpc.logs.redaction import clip, escape_controls
from mcpgrpc.stream.carrier import Carrier, Inbox
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.connector import Connector
from mcpgrpc_server.upstream.session import Asked, UpstreamSession
from mcpgrpc_server.upstream.shared import SharedListener
from mcpgrpc_server.upstream.translation import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    DISCOVER_METHOD,
    SERVER_INFO_META_KEY,
)

logger = logging.getLogger(__name__)

PROBE_SECONDS: Final = 10.0
"""How long `server/discover` is waited for. A server that does not know the method may leave it
unanswered; one that comes up slowly still answers what is sent behind it."""

MODERN_META: Final[dict[str, Any]] = {
    PROTOCOL_VERSION_META_KEY: MODERN_VERSIONS[-1],
    CLIENT_INFO_META_KEY: DEFAULT_CLIENT_INFO,
    CLIENT_CAPABILITIES_META_KEY: {},
}
"""The envelope of a modern request of this service itself."""

MAX_REASON_CHARACTERS: Final = 200
"""Of what an upstream says itself: enough for a sentence."""


@dataclass(frozen=True, slots=True)
class Met:
    """An upstream that answers.

    Attributes:
        session: a connection to it, without a listener that passes anything on.
        modern: whether it takes requests of the modern era.
        about: what it says about itself: the result of `server/discover`, or of `initialize`.
    """

    session: UpstreamSession
    modern: bool
    about: dict[str, Any]

    @property
    def server_info(self) -> dict[str, Any] | None:
        """Its name and version, where it says them."""
        found = self.about.get("serverInfo")
        if self.modern:
            meta = self.about.get("_meta")
            found = meta.get(SERVER_INFO_META_KEY) if isinstance(meta, dict) else None
        return found if isinstance(found, dict) else None

    @property
    def capabilities(self) -> dict[str, Any]:
        """What it offers."""
        found = self.about.get("capabilities")
        return found if isinstance(found, dict) else {}


async def meet(connector: Connector, start_timeout_seconds: float) -> Met:
    """Connect to an upstream and find out its era.

    `server/discover` decides: an error other than one of the modern era means the legacy one.

    Args:
        connector: reaches it.
        start_timeout_seconds: how long it may take for its first answer.

    Raises:
        McpGrpcError: it does not come up, or speaks neither era.
    """
    session = _silent_session(connector.request_carrier)
    try:
        await session.open()
        about = await _discovered(session, min(PROBE_SECONDS, start_timeout_seconds))
        if about is not None:
            return Met(session, True, about)
        if connector.is_command:
            return await _initialized(connector, session, start_timeout_seconds)
    except ConnectionLost:
        await session.close()
        if not connector.is_command:
            raise
        # There are servers that end when the first message is not `initialize`.
    except BaseException:
        await session.close()
        raise
    await session.close()
    return await begin_session(connector, start_timeout_seconds)


async def begin_session(connector: Connector, start_timeout_seconds: float) -> Met:
    """A session of the legacy era with an upstream; no capability of a client is declared.

    Args:
        connector: reaches it.
        start_timeout_seconds: how long it may take for its first answer.

    Raises:
        McpGrpcError: it cannot be had.
    """
    session = _silent_session(partial(connector.session_carrier, for_one=False))
    try:
        await session.open()
        return await _initialized(connector, session, start_timeout_seconds)
    except BaseException:
        await session.close()
        raise


async def still_answers(met: Met, timeout_seconds: float) -> None:
    """Return when an upstream answers a request that costs it nothing.

    Raises:
        TimeoutError: it did not in time.
        McpGrpcError: it cannot be reached, or does not know its session any more.
    """
    if met.modern:
        await met.session.ask_itself(DISCOVER_METHOD, {"_meta": MODERN_META}, timeout_seconds)
    else:
        await met.session.ask_itself("ping", None, timeout_seconds)


def _silent_session(make: Callable[[Inbox], Carrier]) -> UpstreamSession:
    session = UpstreamSession(make)
    session.listener = _Silence()
    return session


class _Silence(SharedListener):
    """While a session comes up there is nobody to tell."""

    def heard(self, notification: envelope_pb2.JsonRpcNotification, asked: Asked | None) -> None:
        """Dropped."""
        logger.debug("dropped %s: the session comes up", notification.method)


async def _discovered(session: UpstreamSession, timeout_seconds: float) -> dict[str, Any] | None:
    """What a modern upstream says about itself; None for one of the legacy era."""
    try:
        answer = await session.ask_itself(DISCOVER_METHOD, {"_meta": MODERN_META}, timeout_seconds)
    except TimeoutError:
        return None
    if answer.WhichOneof("outcome") == "error":
        return {} if _is_modern_error(answer.error) else None
    about = json_text.parse_object(answer.result_json) or {}
    supported = about.get("supportedVersions")
    is_modern = isinstance(supported, list) and not _only_legacy(supported)
    return about if is_modern else None


def _is_modern_error(error: envelope_pb2.JsonRpcError) -> bool:
    """Whether only a server of the modern era answers so.

    One that names the versions it speaks, and none but legacy ones, says that it is none.
    """
    if error.code != errors.UNSUPPORTED_PROTOCOL_VERSION:
        return errors.UNSUPPORTED_PROTOCOL_VERSION < error.code <= errors.HEADER_MISMATCH
    data = json_text.parse_object(error.data_json or "{}") or {}
    supported = data.get("supported")
    return not (isinstance(supported, list) and _only_legacy(supported))


def _only_legacy(versions: list[Any]) -> bool:
    return all(version in LEGACY_VERSIONS for version in versions)


async def _initialized(
    connector: Connector, session: UpstreamSession, timeout_seconds: float
) -> Met:
    answer = await _initialize(connector, session, timeout_seconds)
    if answer.WhichOneof("outcome") == "error":
        # It had come up too slowly for the question before, which has decided its era all the same.
        if connector.is_command and answer.error.code == errors.UNSUPPORTED_PROTOCOL_VERSION:
            about = await _discovered(session, timeout_seconds)
            if about is not None:
                return Met(session, True, about)
        raise _unusable(connector, f"it refuses to begin a session: {answer.error.message}")
    result = json_text.parse_object(answer.result_json) or {}
    version = result.get("protocolVersion")
    if version not in LEGACY_VERSIONS:
        raise _unusable(connector, f"it speaks {version!r}, which this server does not")
    await session.notify("notifications/initialized", None)
    return Met(session, False, result)


async def _initialize(
    connector: Connector, session: UpstreamSession, timeout_seconds: float
) -> envelope_pb2.JsonRpcResponse:
    params = {
        "protocolVersion": LEGACY_VERSIONS[-1],
        "capabilities": {},
        "clientInfo": DEFAULT_CLIENT_INFO,
    }
    try:
        return await session.ask_itself("initialize", params, timeout_seconds)
    except TimeoutError:
        raise _unusable(connector, f"it does not answer within {timeout_seconds:g} s") from None


def _unusable(connector: Connector, why: str) -> ConnectError:
    shown = clip(escape_controls(why), MAX_REASON_CHARACTERS)
    return ConnectError(f"the upstream {connector.name!r} cannot be used: {shown}")
