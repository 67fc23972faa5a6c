"""Items encoded once: the same bytes on the wire as protobuf writes for the whole."""

from __future__ import annotations

import pytest

from mcpgrpc.binding import encoded, fragments
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, session_pb2

Item = session_pb2.ServerItem
# On both sides of every length that takes one byte more to write, with headers around it.
SIZES = [0, 1, 90, 120, 127, 128, 16_300, 16_383, 16_384, 70_000, 2_097_152]


def response_of(size_bytes: int) -> envelope_pb2.JsonRpcResponse:
    request_id = envelope_pb2.RequestId(text="seven")
    return envelope_pb2.JsonRpcResponse(id=request_id, result_json="x" * size_bytes)


def frame_of(*items: Item) -> bytes:
    return bytes(mcp_service_pb2.SessionResponse(items=items).SerializeToString())


@pytest.mark.parametrize("size_bytes", SIZES)
def test_a_response_is_wrapped_as_protobuf_wraps_it(size_bytes: int) -> None:
    response = response_of(size_bytes)
    body = response.SerializeToString()
    payload = encoded.response_payload(body)
    envelope = envelope_pb2.Envelope(response=response)
    whole = frame_of(Item(envelope=envelope))
    assert payload == envelope.SerializeToString()
    assert encoded.frame([encoded.envelope_item(payload)]) == whole
    assert encoded.frame([encoded.response_item(body)]) == whole


@pytest.mark.parametrize("size_bytes", SIZES)
def test_a_piece_is_read_as_protobuf_wraps_it(size_bytes: int) -> None:
    payload = b"x" * (size_bytes + 1)
    pieces = list(fragments.cut(300, payload, max(1, size_bytes)))
    frame = encoded.frame([encoded.fragment_item(piece) for piece in pieces])
    for items in (mcp_service_pb2.SessionResponse, mcp_service_pb2.SessionRequest):
        read = [item.fragment for item in items.FromString(frame).items]
        assert read == [piece.message() for piece in pieces]
        assert b"".join(piece.data for piece in read) == payload


def test_a_frame_holds_its_items_in_their_order() -> None:
    envelope = envelope_pb2.Envelope(response=response_of(3))
    signal = Item(settings=session_pb2.Settings(max_in_flight=3))
    items = [
        encoded.other_item(signal),
        encoded.envelope_item(envelope.SerializeToString()),
        encoded.other_item(signal),
    ]
    assert encoded.frame(items) == frame_of(signal, Item(envelope=envelope), signal)


def test_a_frame_of_nothing_is_a_keep_alive() -> None:
    assert encoded.frame([]) == frame_of() == b""


def test_an_envelope_is_wrapped_alike_on_both_sides() -> None:
    envelope = envelope_pb2.Envelope(response=response_of(300))
    frame = encoded.frame([encoded.envelope_item(envelope.SerializeToString())])
    of_client = mcp_service_pb2.SessionRequest(items=[session_pb2.ClientItem(envelope=envelope)])
    assert frame == of_client.SerializeToString()
