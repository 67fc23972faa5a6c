"""The golden vectors, read with protobuf alone, and reported to the runner."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import Message

from mcpgrpc.v1 import (  # registered with the pool, which knows their messages by name
    completion_service_pb2,  # noqa: F401
    discovery_service_pb2,  # noqa: F401
    envelope_pb2,
    mcp_service_pb2,  # noqa: F401
    prompts_service_pb2,  # noqa: F401
    resources_service_pb2,  # noqa: F401
    subscriptions_service_pb2,  # noqa: F401
    tools_service_pb2,  # noqa: F401
)
from tests.clients import reports
from tests.clients.server import VECTORS

FILES = sorted(path.name for path in VECTORS.glob("*.json"))


def message_type(name: str) -> type[Message]:
    descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
    return message_factory.GetMessageClass(descriptor)


def compare(kind: type[Message], proto_json: dict[str, Any], text: str, *, write: bool) -> None:
    """Decode, encode again, and compare both with what the vector says."""
    raw = bytes.fromhex(text)
    written = json_format.ParseDict(proto_json, kind())
    read = kind.FromString(raw)
    if write:
        assert written.SerializeToString(deterministic=True) == raw
        assert read.SerializeToString(deterministic=True) == raw
    else:
        read.DiscardUnknownFields()
    assert read == written


def compared(vector: dict[str, Any]) -> int:
    """Compare whatever a vector says twice; 1 if there is something."""
    write = not vector.get("reading_only")
    for frame in vector.get("frames", []):
        compare(message_type(vector["message"]), frame["frame"], frame["hex"], write=write)
    for whole in vector.get("reassembles", []):
        compare(envelope_pb2.Envelope, whole["envelope"], whole["hex"], write=True)
    if "envelope" in vector:
        # `reading_only` of an envelope is about its text.
        compare(envelope_pb2.Envelope, vector["envelope"], vector["hex"], write=True)
    if "json" in vector:
        compare(message_type(vector["message"]), vector["json"], vector["hex"], write=True)
    return int(reports.comparable(vector))


@pytest.mark.parametrize("name", FILES)
def test_every_vector_is_decoded_encoded_again_and_compared(name: str) -> None:
    vectors = json.loads((VECTORS / name).read_text(encoding="utf-8"))["vectors"]
    count = sum(compared(vector) for vector in vectors)
    assert count == reports.demanded(VECTORS)[name]
    if report := os.environ.get("MCPGRPC_REPORT"):
        with Path(report).open("a", encoding="utf-8") as lines:
            lines.write(f"{name} {count}\n")
