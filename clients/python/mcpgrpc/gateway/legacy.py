"""Streamable HTTP of the revisions that begin with `initialize`: POST, GET and DELETE of a session.

It judges no message. A client that goes away cancels nothing in this era, as its revisions say: it
may come back for the rest with `Last-Event-ID`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mcpgrpc.binding import ids, json_text
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.gateway.caller import HttpCaller, door_context
from mcpgrpc.gateway.event_stream import EventStream
from mcpgrpc.gateway.posted import accepts, posted_message
from mcpgrpc.gateway.replies import FailedOpeningError, HttpRefusalError
from mcpgrpc.gateway.session import HttpSession
from mcpgrpc.gateway.sessions import SessionTable
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc.gateway.sse import SSE, StreamResponse
from mcpgrpc.gateway.work import Work
from mcpgrpc.v1 import envelope_pb2

SESSION_HEADER: Final = "mcp-session-id"
_VERSION_HEADER: Final = "mcp-protocol-version"
_LAST_EVENT_HEADER: Final = "last-event-id"

REFUSAL_SECONDS: Final = 0.5
"""How long a response may wait to learn whether the service refuses: then it is a status."""

_RESUMABLE_SINCE: Final = "2025-11-25"
"""The revision whose clients understand an event without data."""


@dataclass(slots=True)
class LegacyDoor:
    """Serves the legacy era.

    Attributes:
        sessions: those that are open.
        settings: the door's bounds.
        work: whether the door takes any.
    """

    sessions: SessionTable
    settings: GatewaySettings
    work: Work

    async def answer(self, request: Request) -> ASGIApp:
        """What answers a request.

        Raises:
            HttpRefusalError: it does not get as far as the server.
            ClientDisconnect: the client went away in the middle of the body.
        """
        caller = HttpCaller.of(request.headers)
        session_id = request.headers.get(SESSION_HEADER)
        session = None if session_id is None else self.sessions.find(session_id, caller)
        if request.method == "POST":
            return await self._post(request, caller, session)
        if request.method not in ("GET", "DELETE"):
            allow = {"allow": "GET, POST, DELETE"}
            raise HttpRefusalError(405, "Method Not Allowed", headers=allow)
        if session is None:
            raise _missing_session()
        if request.method == "GET":
            return self._get(request, session)
        self.sessions.discard(session)
        return Response(status_code=200)

    async def _post(
        self, request: Request, caller: HttpCaller, session: HttpSession | None
    ) -> ASGIApp:
        envelope = await posted_message(request, self.settings)
        message = envelope.request if envelope.WhichOneof("message") == "request" else None
        version = request.headers.get(_VERSION_HEADER, "")
        if message is not None and message.method == "initialize":
            version = _requested_version(message)
        elif session is None:
            raise _missing_session()
        if message is not None:
            self.work.check_open(ids.from_message(message.id))
        is_resumable = version >= _RESUMABLE_SINCE
        envelope.door.CopyFrom(door_context(request.headers, resumable=is_resumable))
        if session is None:
            session = await self._opened(caller, envelope)
        if message is None:
            await session.link.send(envelope)
            return Response(status_code=202, headers={SESSION_HEADER: session.id})
        response = self._response(session, is_resumable)
        return _Posted(self.sessions, self.work, session, envelope, response)

    async def _opened(self, caller: HttpCaller, envelope: envelope_pb2.Envelope) -> HttpSession:
        session = self.sessions.admit(caller)
        try:
            with self.sessions.in_use(session):
                await session.link.carrier.open()
        except McpGrpcError as error:
            self.sessions.discard(session)
            raise FailedOpeningError(error, envelope.request.id) from None
        except BaseException:
            self.sessions.discard(session)
            raise
        return session

    def _get(self, request: Request, session: HttpSession) -> ASGIApp:
        if not accepts(request.headers, SSE):
            raise HttpRefusalError(406, f"Not Acceptable: Client must accept {SSE}")
        last_event = request.headers.get(_LAST_EVENT_HEADER)
        if last_event is not None:
            stream, after = _place(session, last_event)
        elif session.standalone.is_read:
            raise HttpRefusalError(409, "Conflict: Only one SSE stream is allowed per session")
        else:
            stream, after = session.standalone, None
        is_resumable = request.headers.get(_VERSION_HEADER, "") >= _RESUMABLE_SINCE
        response = replace(
            self._response(session, is_resumable), stream=stream, after=after, wait_seconds=0.0
        )
        return _Listening(self.sessions, session, response)

    def _response(self, session: HttpSession, is_resumable: bool) -> StreamResponse:
        return StreamResponse(
            session.standalone,
            self.settings.keepalive_seconds,
            wait_seconds=REFUSAL_SECONDS,
            numbered=True,
            primed=is_resumable,
            headers={SESSION_HEADER: session.id},
        )


@dataclass(slots=True)
class _Listening:
    """Serves a GET."""

    sessions: SessionTable
    session: HttpSession
    response: StreamResponse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.sessions.in_use(self.session):
            await self.response(scope, receive, send)


@dataclass(slots=True)
class _Posted:
    """Serves a request's POST; one that opens the session and fails ends it again."""

    sessions: SessionTable
    work: Work
    session: HttpSession
    envelope: envelope_pb2.Envelope
    response: StreamResponse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.sessions.in_use(self.session), self.work.under_way():
            try:
                await self._serve(scope, receive, send)
            finally:
                if not self.session.established:
                    self.sessions.discard(self.session)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = ids.from_message(self.envelope.request.id)
        if request_id is None:
            raise AssertionError("the codec makes no request without an id")
        try:
            self.response.stream = self.session.begin(request_id)
        except HttpRefusalError as refusal:
            await refusal.response()(scope, receive, send)
            return
        await self.session.link.send(self.envelope)
        await self.response(scope, receive, send)


def _missing_session() -> HttpRefusalError:
    return HttpRefusalError(400, "Bad Request: Missing session ID")


def _requested_version(message: envelope_pb2.JsonRpcRequest) -> str:
    params: dict[str, Any] = json_text.parse_object(message.params_json or "{}") or {}
    return str(params.get("protocolVersion", ""))


def _place(session: HttpSession, last_event: str) -> tuple[EventStream, int]:
    """The stream of an event id, and the event's number in it."""
    number, _, event = last_event.partition(".")
    if number.isdecimal() and event.isdecimal() and len(last_event) < 40:
        stream = session.stream(int(number))
        if stream is not None:
            return stream, int(event)
    raise HttpRefusalError(400, "Last-Event-ID names a stream that is not kept any more")
