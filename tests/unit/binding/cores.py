"""A core, and what its peer says to it: short words for the tests of both.

It checks only that an effect is of the kind that a test asks for.
"""

from __future__ import annotations

import json
from typing import TypeVar

from mcpgrpc.binding import ids
from mcpgrpc.binding.core import Answer, StartRequest, StreamCore
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY, Era, EraGate
from mcpgrpc.binding.limits import Limits
from mcpgrpc.v1 import envelope_pb2

Core = StreamCore[str]
MODERN = json.dumps({"_meta": {PROTOCOL_VERSION_META_KEY: "2026-07-28"}})
EffectType = TypeVar("EffectType")


def new_core(limits: Limits | None = None, era: Era = Era.OPEN) -> Core:
    return StreamCore(limits or Limits(), EraGate(era))


def request(
    request_id: ids.Id | None, method: str = "m", params_json: str | None = None
) -> envelope_pb2.Envelope:
    call = envelope_pb2.JsonRpcRequest(method=method, params_json=params_json)
    if request_id is not None:
        call.id.CopyFrom(ids.to_message(request_id))
    return envelope_pb2.Envelope(request=call)


def notification(method: str, params_json: str | None = None) -> envelope_pb2.Envelope:
    return envelope_pb2.Envelope(
        notification=envelope_pb2.JsonRpcNotification(method=method, params_json=params_json)
    )


def result(request_id: ids.Id | None = None, result_json: str = "{}") -> envelope_pb2.Envelope:
    response = envelope_pb2.JsonRpcResponse(result_json=result_json)
    if request_id is not None:
        response.id.CopyFrom(ids.to_message(request_id))
    return envelope_pb2.Envelope(response=response)


def receive(core: Core, envelope: envelope_pb2.Envelope, kind: type[EffectType]) -> EffectType:
    """What the core makes of an envelope, which has to be an effect of this kind."""
    effect = core.receive_envelope(envelope)
    assert isinstance(effect, kind)
    return effect


def answer(core: Core, envelope: envelope_pb2.Envelope) -> envelope_pb2.JsonRpcResponse:
    before = len(core.in_flight)
    response = receive(core, envelope, Answer).response
    assert len(core.in_flight) == before, "what is refused is not in flight"
    return response


def start(core: Core, request_id: ids.Id, method: str = "m") -> StartRequest:
    return receive(core, request(request_id, method), StartRequest)


def is_draining(core: Core) -> bool:
    """Read through a function, since a type checker takes a property for a constant."""
    return core.draining


def era_of(core: Core) -> Era:
    """As `is_draining`."""
    return core.era.era
