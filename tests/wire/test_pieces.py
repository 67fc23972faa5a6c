"""Decision 14 of the binding: large envelopes in pieces, both ways, bounded."""

from __future__ import annotations

import json

import grpc
import pytest

from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2
from mcpgrpc_server import Server
from tests.wire.app import Probe
from tests.wire.raw import OpenSession, RawSession, Serve, cancelled, request, text_of, tool

MIB = 1024 * 1024
TAKES_PIECES = session_pb2.Settings(
    max_open_fragments=4, max_frame_bytes=128 * 1024, max_envelope_bytes=16 * MIB
)
# A client whose HTTP/2 window does not grow, so that pieces wait at the server.
NARROW = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 64 * 1024))
LAST = session_pb2.FRAGMENT_STATE_LAST
ABORTED = session_pb2.FRAGMENT_STATE_ABORTED


def joined(session: RawSession) -> dict[int, bytes]:
    """What the pieces of each id hold together, of those that were read."""
    wholes: dict[int, bytes] = {}
    for item in session.seen:
        if item.HasField("fragment"):
            piece = item.fragment
            wholes[piece.fragment_id] = wholes.get(piece.fragment_id, b"") + piece.data
    return wholes


async def last_piece(session: RawSession) -> envelope_pb2.Envelope:
    """Read up to the next last piece; gives the envelope that it completes."""
    while True:
        piece = await session.next("fragment")
        if piece.state == LAST:
            return envelope_pb2.Envelope.FromString(joined(session)[piece.fragment_id])


def cut(envelope: envelope_pb2.Envelope, fragment_id: int, size: int) -> list[session_pb2.Fragment]:
    payload = envelope.SerializeToString()
    pieces = [
        session_pb2.Fragment(fragment_id=fragment_id, data=payload[at : at + size])
        for at in range(0, len(payload), size)
    ]
    pieces[0].total_bytes = len(payload)
    pieces[-1].state = LAST
    return pieces


async def test_decision_14_a_large_result_comes_in_pieces_with_small_ones_between(
    server: Server, opened: OpenSession
) -> None:
    session = await opened(server, options=NARROW)
    await session.send(TAKES_PIECES, tool(1, "large", {"size": 8 * MIB}))
    await session.next("fragment")
    # Only a few pieces fit into the client's window: the others still wait at the server.
    for number in range(2, 6):
        assert (await session.call(number, "echo", {"value": number})).HasField("result_json")
    assert not [item for item in session.seen if item.fragment.state == LAST]
    envelope = await last_piece(session)
    assert len(text_of(envelope.response)) == 8 * MIB
    pieces = [item.fragment for item in session.seen if item.HasField("fragment")]
    assert pieces[0].total_bytes == len(envelope.SerializeToString())
    assert all(len(piece.data) <= 64 * 1024 for piece in pieces)


async def test_decision_14_a_client_that_takes_no_pieces_gets_the_whole(
    serve: Serve, opened: OpenSession
) -> None:
    session = await opened(await serve(), options=(("grpc.max_receive_message_length", 16 * MIB),))
    await session.send(session_pb2.Settings(max_frame_bytes=16 * MIB))
    response = await session.call(1, "large", {"size": 2 * MIB})
    assert len(text_of(response)) == 2 * MIB
    assert not [item for item in session.seen if item.HasField("fragment")]


async def test_decision_14_what_the_client_cannot_take_is_an_error_of_its_request(
    session: RawSession, other: RawSession
) -> None:
    await session.send(session_pb2.Settings(max_frame_bytes=100_000))
    response = await session.call(1, "large", {"size": 200_000})
    assert response.error.code == 8
    assert response.reason == errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE
    assert response.execution == errors_pb2.EXECUTION_MAYBE
    assert "99936" in response.error.message
    assert (await session.call(2, "echo", {"value": 1})).HasField("result_json")
    assert other is not session


async def test_decision_14_a_result_beyond_the_clients_envelopes_is_an_error_too(
    session: RawSession,
) -> None:
    settings = session_pb2.Settings(max_open_fragments=4, max_envelope_bytes=1 * MIB)
    await session.send(settings)
    response = await session.call(1, "large", {"size": 2 * MIB})
    assert response.reason == errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE


async def test_decision_14_no_frame_is_larger_than_the_client_takes(
    server: Server, opened: OpenSession
) -> None:
    limit = 100_000
    session = await opened(server, options=(("grpc.max_receive_message_length", limit),))
    await session.send(
        session_pb2.Settings(
            max_open_fragments=4, max_frame_bytes=limit, max_envelope_bytes=16 * MIB
        )
    )
    await session.send(*[tool(n, "large", {"size": 40_000}) for n in range(1, 20)])
    await session.send(tool(100, "large", {"size": 1 * MIB}))
    answered: set[int] = set()
    while len(answered) < 20:
        item = await session.item()
        assert item is not None
        if item.HasField("envelope"):
            answered.add(item.envelope.response.id.integer)
        elif item.HasField("fragment") and item.fragment.state == LAST:
            whole = joined(session)[item.fragment.fragment_id]
            answered.add(envelope_pb2.Envelope.FromString(whole).response.id.integer)
    assert len(answered) == 20


async def test_decision_14_later_messages_of_the_same_request_wait_for_the_last_piece(
    session: RawSession,
) -> None:
    await session.send(TAKES_PIECES, tool(1, "large_progress", {"size": MIB}, progressToken=1))
    progress = await last_piece(session)
    assert progress.related_request_id.integer == 1
    assert (await session.response(1)).HasField("result_json")
    order = [
        item.WhichOneof("item")
        for item in session.seen
        if item.HasField("fragment") or item.HasField("envelope")
    ]
    assert order[-1] == "envelope"
    assert "envelope" not in order[:-1]


async def test_decision_14_a_request_in_pieces_runs_with_its_last_one(
    session: RawSession,
) -> None:
    pieces = cut(tool(1, "echo", {"value": "x" * 100_000}), 7, 10_000)
    for piece in pieces[:-1]:
        await session.send(piece, tool("small", "echo", {"value": 1}))
        await session.response("small")
    await session.send(pieces[-1])
    response = await session.response(1)
    value = json.loads(response.result_json)["structuredContent"]["value"]
    assert value == "x" * 100_000


async def test_decision_14_pieces_of_two_messages_may_alternate(session: RawSession) -> None:
    first = cut(tool(1, "echo", {"value": "a" * 5_000}), 1, 1_000)
    second = cut(tool(2, "echo", {"value": "b" * 5_000}), 2, 1_000)
    for pair in zip(first, second, strict=True):
        await session.send(*pair)
    values = {
        each.id.integer: json.loads(each.result_json)["structuredContent"]["value"][:1]
        for each in await session.responses(2)
    }
    assert values == {1: "a", 2: "b"}


async def test_decision_14_a_message_that_is_given_up_is_forgotten(session: RawSession) -> None:
    pieces = cut(tool(1, "echo", {"value": "a" * 5_000}), 1, 1_000)
    await session.send(*pieces[:3], session_pb2.Fragment(fragment_id=1, state=ABORTED))
    again = cut(tool(2, "echo", {"value": "b" * 5_000}), 1, 1_000)
    await session.send(*again)
    assert (await session.response(2)).HasField("result_json")


async def test_decision_14_a_request_in_pieces_may_be_cancelled(
    session: RawSession, probe: Probe
) -> None:
    await session.send(*cut(tool(1, "hold", {"key": "a"}), 1, 50), cancelled(1))
    assert (await session.next("request_settled")).request_id.integer == 1
    assert "a" not in probe.order or probe.cancelled["a"].is_set()


async def ended_as_invalid(session: RawSession, words: str) -> None:
    ended = await session.ending()
    assert (ended.code, ended.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FRAME")
    assert words in ended.details


async def test_pieces_without_end_end_their_stream_alone(serve: Serve, opened: OpenSession) -> None:
    server = await serve(max_envelope_bytes=100_000)
    session, other = await opened(server), await opened(server)
    await other.call(1, "echo", {"value": 1})
    for _ in range(11):
        await session.send(session_pb2.Fragment(fragment_id=1, data=b"x" * 10_000))
    await ended_as_invalid(session, "100000 bytes")
    assert (await other.call(2, "echo", {"value": 1})).HasField("result_json")


async def test_too_many_open_pieces_end_their_stream_alone(
    session: RawSession, other: RawSession
) -> None:
    await session.send(*[session_pb2.Fragment(fragment_id=n, data=b"x") for n in range(17)])
    await ended_as_invalid(session, "16 envelopes in pieces")
    assert other is not session


async def test_open_pieces_are_bounded_in_bytes_together(serve: Serve, opened: OpenSession) -> None:
    session = await opened(await serve(max_envelope_bytes=100_000))
    await session.send(*[session_pb2.Fragment(fragment_id=n, data=b"x" * 90_000) for n in range(3)])
    await ended_as_invalid(session, "200000 bytes")


@pytest.mark.parametrize("total", [10, 10**12])
async def test_pieces_that_are_not_of_the_announced_size_end_their_stream(
    session: RawSession, total: int
) -> None:
    await session.send(
        session_pb2.Fragment(fragment_id=1, data=b"x" * 20, total_bytes=total, state=LAST)
    )
    await ended_as_invalid(session, "bytes")


async def test_pieces_that_hold_no_envelope_end_their_stream(
    session: RawSession, other: RawSession
) -> None:
    await session.send(session_pb2.Fragment(fragment_id=1, data=b"\xff\xff", state=LAST))
    await ended_as_invalid(session, "do not decode")
    assert other is not session


async def test_pieces_left_open_at_a_half_close_are_forgotten(session: RawSession) -> None:
    await session.send(request(1, "ping"), session_pb2.Fragment(fragment_id=1, data=b"x"))
    await session.half_close()
    assert (await session.ending()).code is grpc.StatusCode.OK


async def test_empty_pieces_without_end_are_harmless(session: RawSession) -> None:
    await session.send(*[session_pb2.Fragment(fragment_id=1)] * 1000)
    assert (await session.call(1, "echo", {"value": 1})).HasField("result_json")
