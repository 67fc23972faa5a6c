"""One end of one stream, sans-I/O: an item of the peer in, what to do about it out.

It does not read, write, run handlers or know the time. `mcpgrpc.stream` drives it at the client,
`mcpgrpc_server` at the server; the rules are the same for both, since in the legacy era either
side sends requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from google.protobuf import message

from mcpgrpc.binding import errors, ids, json_text
from mcpgrpc.binding.era import Era, EraGate, is_modern_request
from mcpgrpc.binding.fragments import Reassembler
from mcpgrpc.binding.in_flight import InFlightRequest, InFlightTable
from mcpgrpc.binding.limits import Limits, PeerLimits
from mcpgrpc.binding.outgoing import OutgoingLedger, OutgoingRequest
from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2

Waiter = TypeVar("Waiter")

CANCELLED_METHOD = "notifications/cancelled"


class FrameError(ValueError):
    """A frame that breaks the binding; it ends the stream with INVALID_FRAME."""


# Not frozen, alone among the effects: one is made for every request, and writing its members past
# the freeze takes twice as long.
@dataclass(slots=True)
class StartRequest:
    """Run a request of the peer; its params parsed, and as the text that they are."""

    request: InFlightRequest
    envelope: envelope_pb2.Envelope
    params: dict[str, Any] | None
    params_json: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Write this response at once; nothing ran."""

    response: envelope_pb2.JsonRpcResponse
    method: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Hand a notification of the peer on, after cancelling the request it cancels."""

    envelope: envelope_pb2.Envelope
    params: dict[str, Any] | None
    cancels: InFlightRequest | None = None


@dataclass(frozen=True, slots=True)
class Resolve(Generic[Waiter]):
    """Wake the waiter of an own request; no response means that the peer settled it without one."""

    request: OutgoingRequest[Waiter]
    envelope: envelope_pb2.Envelope | None


@dataclass(frozen=True, slots=True)
class Ignore:
    """Do nothing but count: `what` says what was ignored."""

    what: str


Effect: TypeAlias = StartRequest | Answer | Notify | Resolve[Waiter] | Ignore


class StreamCore(Generic[Waiter]):
    """The state of one stream at one of its ends.

    Args:
        limits: what this end accepts.
        era: the gate for the peer's requests.
    """

    def __init__(self, limits: Limits, era: EraGate) -> None:
        self._limits = limits
        self.era = era
        self.in_flight = InFlightTable(limits.max_in_flight, limits.max_listens)
        self.outgoing: OutgoingLedger[Waiter] = OutgoingLedger()
        self.peer = PeerLimits()
        self._reassembler = Reassembler(limits.max_open_fragments, limits.max_envelope_bytes)
        self._requests_received = 0
        self._accepted: int | None = None
        self._drain_refusal = DRAINING

    @property
    def draining(self) -> bool:
        """Whether this end takes no further requests."""
        return self._accepted is not None

    def receive_settings(self, settings: session_pb2.Settings) -> None:
        """The peer announced what it accepts."""
        self.peer = PeerLimits.announced(settings)
        self.outgoing.set_window(self.peer.max_in_flight)

    def receive_fragment(self, piece: session_pb2.Fragment) -> envelope_pb2.Envelope | None:
        """Take a piece; gives the envelope that it completes.

        Raises:
            FragmentError: it breaks a bound.
            FrameError: the whole is no envelope.
        """
        payload = self._reassembler.add(piece)
        if payload is None:
            return None
        try:
            return envelope_pb2.Envelope.FromString(payload)
        except message.DecodeError:
            raise FrameError("the pieces of an envelope do not decode") from None

    def receive_envelope(self, envelope: envelope_pb2.Envelope) -> Effect[Waiter]:
        """What to do about a message of the peer."""
        if envelope.HasField("request"):
            return self._receive_request(envelope)
        kind = envelope.WhichOneof("message")
        if kind == "notification":
            return self._receive_notification(envelope)
        if kind == "response":
            return self._receive_response(envelope)
        return Ignore("an envelope without a message that is known here")

    def receive_settled(self, message: envelope_pb2.RequestId) -> Effect[Waiter]:
        """The peer settled a request of this end without a response."""
        request_id = ids.from_message(message)
        request = None if request_id is None else self.outgoing.settled(request_id)
        return Ignore("RequestSettled") if request is None else Resolve(request, None)

    def answered(
        self, request: InFlightRequest, response: envelope_pb2.JsonRpcResponse | None
    ) -> bool:
        """The handler of a request has ended; frees its id and slot.

        Returns whether the response is to be written. It is not when the peer cancelled the
        request; then RequestSettled is. The response gets its id here.
        """
        self.in_flight.settle(request)
        if request.cancelled or response is None:
            return False
        ids.write(response.id, request.id)
        # An era is decided once, so most answers are not looked into.
        if self.era.era is Era.OPEN and response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED:
            code = response.error.code if response.HasField("error") else None
            self.era.answered(request.method, request.modern, code)
        return True

    def begin_drain(self, refusal: errors.Refusal | None = None) -> int:
        """Take no further requests; gives how many are accepted, the same number every time.

        `refusal` is what further requests are answered; DRAINING when left out.
        """
        if self._accepted is None:
            self._accepted = self._requests_received
            self._drain_refusal = refusal if refusal is not None else DRAINING
        return self._accepted

    def _receive_request(self, envelope: envelope_pb2.Envelope) -> Effect[Waiter]:
        self._requests_received += 1
        request = envelope.request
        # A number that is not 0 needs no look at which member of the id is set.
        request_id = request.id.integer or ids.from_message(request.id)
        method = request.method
        if request_id is None:
            return self._refuse(request, _unusable("a request needs an id"))
        if not method:
            return self._refuse(request, _unusable("a request needs a method"))
        if self._accepted is not None:
            return self._refuse(request, self._drain_refusal.response())
        params_json = request.params_json if request.HasField("params_json") else None
        params: dict[str, Any] | None = None
        if params_json is not None:
            parsed = parse_params(params_json, self._limits.max_json_depth)
            if isinstance(parsed, envelope_pb2.JsonRpcResponse):
                return self._refuse(request, parsed)
            params = parsed
        modern = is_modern_request(method, params)
        # A modern stream takes every modern request, which nearly all are.
        if not modern or self.era.era is not Era.MODERN:
            refused = self.era.refuse(method, modern, params)
            if refused is not None:
                return self._refuse(request, refused)
        admitted = self.in_flight.admit(request_id, method)
        if isinstance(admitted, errors.Refusal):
            return self._refuse(request, admitted.response())
        admitted.modern = modern
        return StartRequest(admitted, envelope, params, params_json)

    def _receive_notification(self, envelope: envelope_pb2.Envelope) -> Effect[Waiter]:
        call = envelope.notification
        parsed = None
        if call.HasField("params_json"):
            parsed = parse_params(call.params_json, self._limits.max_json_depth)
        if isinstance(parsed, envelope_pb2.JsonRpcResponse) or not call.method:
            return Ignore("a malformed notification")
        if call.method != CANCELLED_METHOD:
            return Notify(envelope, parsed)
        target = (parsed or {}).get("requestId")
        cancels = self.in_flight.cancel(target) if ids.is_id(target) else None
        return Notify(envelope, parsed, cancels)

    def _receive_response(self, envelope: envelope_pb2.Envelope) -> Effect[Waiter]:
        request_id = ids.from_message(envelope.response.id)
        request = None if request_id is None else self.outgoing.resolve(request_id)
        if request is None:
            return Ignore("a response that nobody waits for")
        return Resolve(request, envelope)

    @staticmethod
    def _refuse(
        request: envelope_pb2.JsonRpcRequest, response: envelope_pb2.JsonRpcResponse
    ) -> Answer:
        # An id that could not be read is answered as null, as JSON-RPC 2.0 section 5 says.
        response.id.CopyFrom(request.id)
        return Answer(response, request.method)


DRAINING = errors.Refusal(
    errors_pb2.ERROR_REASON_DRAINING,
    "the server is draining; send the request again on a new stream",
)


def _unusable(why: str) -> envelope_pb2.JsonRpcResponse:
    return errors.failure(errors.INVALID_REQUEST, why)


def parse_params(params_json: str, max_depth: int) -> dict[str, Any] | envelope_pb2.JsonRpcResponse:
    """The object of a request's params, or the error response they get instead."""
    try:
        parsed = json_text.parse(params_json, max_depth=max_depth)
    except json_text.JsonTooDeepError as error:
        return errors.failure(errors.PARSE_ERROR, f"params are {error}")
    except json_text.JsonTextError:
        return errors.failure(errors.PARSE_ERROR, "params are not JSON")
    if isinstance(parsed, dict):
        return parsed
    return errors.failure(errors.INVALID_PARAMS, "params must be an object")
