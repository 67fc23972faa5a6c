"""A request that its sender waits for itself: no task carries it, and no message brings its answer.

It does not decide which requests go this way, nor when one has waited too long.
"""

from __future__ import annotations

from collections.abc import Callable

from mcpgrpc.binding import errors
from mcpgrpc.binding.ids import Id
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.relay.failures import failed, plain
from mcpgrpc.stream.carrier import Exchange
from mcpgrpc.stream.requests import RequestLostError, cancellation_params
from mcpgrpc.stream.sending import BegunExchange, SessionSender
from mcpgrpc.v1 import envelope_pb2, errors_pb2


class StraightRequest:
    """One request on its stream; made by `RelayLink.begin`.

    Args:
        carrier: what carries it on, should its stream be lost.
        exchange: itself.
        begun: its place on the stream.
        forget: called when nobody waits for it any more.
    """

    def __init__(
        self,
        carrier: SessionSender,
        exchange: Exchange,
        begun: BegunExchange,
        forget: Callable[[Id], object],
    ) -> None:
        self._carrier = carrier
        self._exchange = exchange
        self._begun = begun
        self._forget = forget
        self._given_up = False

    async def answer(self) -> envelope_pb2.Envelope | None:
        """Wait for its answer, or an error in its place; None after `give_up`. Ask once."""
        try:
            return await self._carried()
        except McpGrpcError as error:
            return envelope_pb2.Envelope(response=failed(error))
        except ValueError as error:
            response = errors.failure(errors.INVALID_REQUEST, str(error))
            return envelope_pb2.Envelope(response=response)
        finally:
            self._forget(self._begun.sent.id)

    def abandon(self, reason: str) -> None:
        """Cancel it at the server, which hears why."""
        self.cancel(cancellation_params(self._begun.sent.id, reason))

    def cancel(self, params_json: str) -> None:
        """Cancel it with these params of the host's own; it is not answered any more."""
        self._exchange.cancellation_json = params_json
        self._begun.abandon(self._exchange)

    def give_up(self) -> None:
        """Wake whoever waits: the session is over."""
        self._given_up = True
        answer = self._begun.answer
        if not answer.done():
            answer.set_exception(RequestLostError("it is over", errors_pb2.EXECUTION_MAYBE))

    async def _carried(self) -> envelope_pb2.Envelope | None:
        try:
            await self._begun.answer
        except RequestLostError:
            if self._given_up:
                return None
        if self._begun.is_final:
            answer = self._begun.answer.result()
        else:
            answer = await self._carrier.finish(self._exchange, self._begun)
        return None if answer is None else plain(answer)
