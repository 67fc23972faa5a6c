"""The codec and the core against the golden vectors, both ways (binding decisions 1 to 7, 14)."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import Any

import pytest
from google.protobuf import json_format, message, unknown_fields

from mcpgrpc.binding import codec, fragments, ids
from mcpgrpc.binding.core import Answer, FrameError, StreamCore
from mcpgrpc.binding.era import EraGate
from mcpgrpc.binding.limits import Limits
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, session_pb2
from tests.vectors.files import DIRECTORY, MESSAGES, Vector, messages, vectors

FRAME_TYPES: dict[str, type[mcp_service_pb2.SessionRequest | mcp_service_pb2.SessionResponse]] = {
    "mcpgrpc.v1.SessionRequest": mcp_service_pb2.SessionRequest,
    "mcpgrpc.v1.SessionResponse": mcp_service_pb2.SessionResponse,
}
ALL_GROUPS = (*MESSAGES, "malformed", "frames", "typed")
MESSAGE_VECTORS = messages()
MALFORMED = vectors("malformed")
FRAMES = vectors("frames")
each_message = pytest.mark.parametrize(
    "vector", [v for _, v in MESSAGE_VECTORS], ids=[name for name, _ in MESSAGE_VECTORS]
)
each_frame = pytest.mark.parametrize("vector", FRAMES, ids=[v["name"] for v in FRAMES])


def malformed(*keys: str) -> pytest.MarkDecorator:
    chosen = [v for v in MALFORMED if {"text", "text_hex", "envelope", "hex"} & v.keys() == {*keys}]
    return pytest.mark.parametrize("vector", chosen, ids=[v["name"] for v in chosen])


def envelope_of(proto_json: dict[str, Any]) -> envelope_pb2.Envelope:
    return json_format.ParseDict(proto_json, envelope_pb2.Envelope())


def from_text_alone(vector: Vector) -> envelope_pb2.Envelope:
    """The envelope without what no text can say."""
    proto_json = copy.deepcopy(vector["envelope"])
    for path in vector.get("beside_text", []):
        *parents, last = path.split(".")
        owner = proto_json
        for parent in parents:
            owner = owner[parent]
        del owner[last]
    return envelope_of(proto_json)


def answer_id(error: dict[str, Any]) -> ids.Id | None:
    if error["id"] is None:
        return None
    return ids.from_message(json_format.ParseDict(error["id"], envelope_pb2.RequestId()))


def new_core() -> StreamCore[None]:
    return StreamCore(Limits(), EraGate())


@each_message
def test_text_gives_the_envelope(vector: Vector) -> None:
    assert codec.envelope_from_text(vector["text"]) == from_text_alone(vector)


@each_message
def test_the_envelope_gives_the_text_byte_for_byte(vector: Vector) -> None:
    text = codec.text_from_envelope(envelope_of(vector["envelope"]))
    if vector.get("reading_only"):
        # Another text of the same message: writing and reading it again changes nothing.
        assert codec.envelope_from_text(text) == from_text_alone(vector)
    else:
        assert text == vector["text"]


@each_message
def test_the_bytes_are_those_of_the_envelope(vector: Vector) -> None:
    envelope = envelope_of(vector["envelope"])
    assert envelope_pb2.Envelope.FromString(bytes.fromhex(vector["hex"])) == envelope
    assert envelope.SerializeToString(deterministic=True).hex() == vector["hex"]


@each_message
def test_the_bytes_of_what_the_codec_reads_are_those_of_the_vector(vector: Vector) -> None:
    if vector.get("beside_text"):
        expected = from_text_alone(vector).SerializeToString(deterministic=True)
    else:
        expected = bytes.fromhex(vector["hex"])
    read = codec.envelope_from_text(vector["text"])
    assert read.SerializeToString(deterministic=True) == expected


@each_message
def test_fields_stand_in_the_order_of_their_numbers(vector: Vector) -> None:
    assert_ascending(bytes.fromhex(vector["hex"]))


@malformed("text")
def test_decision_3_malformed_text_gives_its_error_and_the_id_to_answer_to(vector: Vector) -> None:
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.envelope_from_text(vector["text"])
    assert caught.value.code == vector["error"]["code"]
    assert same_id(caught.value.request_id, answer_id(vector["error"]))


@malformed("text_hex")
def test_decision_6_bytes_that_are_not_utf_8_are_no_text(vector: Vector) -> None:
    raw = bytes.fromhex(vector["text_hex"])
    # A wire may let surrogates pass; the codec must not.
    for errors in ("surrogateescape", "surrogatepass"):
        try:
            text = raw.decode("utf-8", errors)
        except UnicodeDecodeError:
            continue
        with pytest.raises(codec.InvalidMessageError) as caught:
            codec.envelope_from_text(text)
        assert caught.value.code == vector["error"]["code"]
        assert caught.value.request_id is None


@malformed("envelope", "hex")
def test_decision_3_a_malformed_envelope_is_answered_with_its_error_and_nothing_runs(
    vector: Vector,
) -> None:
    envelope = envelope_pb2.Envelope.FromString(bytes.fromhex(vector["hex"]))
    assert envelope == envelope_of(vector["envelope"])
    core = new_core()
    effect = core.receive_envelope(envelope)
    assert isinstance(effect, Answer)
    assert effect.response.error.code == vector["error"]["code"]
    assert effect.response.HasField("id")
    assert same_id(ids.from_message(effect.response.id), answer_id(vector["error"]))
    assert len(core.in_flight) == 0


@malformed("envelope", "hex")
def test_a_malformed_envelope_never_becomes_text(vector: Vector) -> None:
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.text_from_envelope(envelope_of(vector["envelope"]))
    assert caught.value.code == vector["error"]["code"]
    assert same_id(caught.value.request_id, answer_id(vector["error"]))


@malformed("hex")
def test_decision_6_bytes_that_do_not_decode_end_the_stream(vector: Vector) -> None:
    raw = bytes.fromhex(vector["hex"])
    with pytest.raises(message.DecodeError):
        envelope_pb2.Envelope.FromString(raw)
    piece = session_pb2.Fragment(fragment_id=1, data=raw, state=fragments.LAST)
    with pytest.raises(FrameError):
        new_core().receive_fragment(piece)


@each_frame
def test_decision_1_frames_keep_their_items_in_order(vector: Vector) -> None:
    frame_type = FRAME_TYPES[vector["message"]]
    for frame in vector["frames"]:
        raw = bytes.fromhex(frame["hex"])
        expected = json_format.ParseDict(frame["frame"], frame_type())
        read = frame_type.FromString(raw)
        if vector.get("reading_only"):
            read.DiscardUnknownFields()
        else:
            assert expected.SerializeToString(deterministic=True) == raw
        assert read == expected
        kinds = [item.WhichOneof("item") for item in read.items]
        assert kinds == [snake(next(iter(item), None)) for item in frame["frame"].get("items", [])]


@pytest.mark.parametrize(
    "vector",
    [v for v in FRAMES if "reassembles" in v],
    ids=[v["name"] for v in FRAMES if "reassembles" in v],
)
def test_decision_14_pieces_give_their_envelopes_or_end_the_stream(vector: Vector) -> None:
    core = new_core()
    wholes = [(w["fragment_id"], bytes.fromhex(w["hex"])) for w in vector["reassembles"]]
    assert [envelope_of(w["envelope"]) for w in vector["reassembles"]] == [
        envelope_pb2.Envelope.FromString(raw) for _, raw in wholes
    ]
    got: list[tuple[str, bytes]] = []
    reason = None
    try:
        for piece in pieces(vector):
            whole = core.receive_fragment(piece)
            if whole is not None:
                raw = whole.SerializeToString(deterministic=True)
                got.append((str(piece.fragment_id), raw))
    except (fragments.FragmentError, FrameError):
        reason = "INVALID_FRAME"
    assert got == wholes
    assert reason == vector.get("error", {}).get("reason")


def test_decision_7_an_envelope_with_unknown_members_keeps_its_message() -> None:
    vector = next(v for v in FRAMES if v["name"] == "members that are not known")
    frame = mcp_service_pb2.SessionRequest.FromString(bytes.fromhex(vector["frames"][0]["hex"]))
    envelope = frame.items[0].envelope
    assert len(unknown_fields.UnknownFieldSet(envelope)) == 1
    assert codec.text_from_envelope(envelope) == '{"jsonrpc":"2.0","method":"m"}'


@pytest.mark.parametrize("group", ALL_GROUPS)
def test_names_are_unique_and_every_vector_says_why(group: str) -> None:
    names = [v["name"] for v in vectors(group)]
    assert len(set(names)) == len(names)
    assert all(v["why"] for v in vectors(group))


def test_no_file_of_vectors_is_left_unread() -> None:
    assert {path.stem for path in DIRECTORY.glob("*.json")} == {*ALL_GROUPS}


def test_the_files_are_small_and_no_other_parser_stumbles_over_them() -> None:
    assert sum(path.stat().st_size for path in DIRECTORY.iterdir()) < 300_000
    for path in DIRECTORY.glob("*.json"):
        for value in leaves(json.loads(path.read_text(encoding="utf-8"))):
            if isinstance(value, str):
                value.encode()
            else:
                assert value is None or -(2**32) < value < 2**32


def test_the_hex_in_the_files_follows_from_their_proto_json() -> None:
    script = DIRECTORY.parents[1] / "scripts" / "make_vectors.py"
    run = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, timeout=30
    )
    assert run.returncode == 0, run.stderr


def pieces(vector: Vector) -> list[session_pb2.Fragment]:
    frame_type = FRAME_TYPES[vector["message"]]
    frames = [frame_type.FromString(bytes.fromhex(f["hex"])) for f in vector["frames"]]
    return [i.fragment for f in frames for i in f.items if i.WhichOneof("item") == "fragment"]


def same_id(left: ids.Id | None, right: ids.Id | None) -> bool:
    return type(left) is type(right) and left == right


def snake(name: str | None) -> str | None:
    if name is None:
        return None
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *(leaf for member in value.values() for leaf in leaves(member))]
    if isinstance(value, list):
        return [leaf for element in value for leaf in leaves(element)]
    return [value]


def assert_ascending(raw: bytes) -> None:
    """Walks the top level of a message, knowing nothing but varints and lengths."""
    at, last = 0, 0
    while at < len(raw):
        tag, at = varint(raw, at)
        assert tag & 7 == 2, "every field of an envelope is a message"
        length, at = varint(raw, at)
        at += length
        assert tag >> 3 > last
        last = tag >> 3
    assert at == len(raw)


def varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (raw[at] & 0x7F) << shift
        shift += 7
        at += 1
        if raw[at - 1] < 0x80:
            return value, at
