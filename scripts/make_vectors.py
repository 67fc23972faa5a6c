"""Fills in the `hex` of the golden vectors in `proto/vectors/` from their hand-written ProtoJSON.

It does not use the codec that the vectors test: text and ProtoJSON are written by hand, and
protobuf's own ProtoJSON reader and deterministic serialisation give the bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool, json_format, message, message_factory

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

VECTORS = Path(__file__).resolve().parent.parent / "proto" / "vectors"
ENVELOPE = envelope_pb2.Envelope.DESCRIPTOR.full_name


def hex_of(proto_json: Any, message_name: str) -> str:
    """The deterministic serialisation of a message in ProtoJSON."""
    descriptor = descriptor_pool.Default().FindMessageTypeByName(message_name)
    parsed: message.Message = message_factory.GetMessageClass(descriptor)()
    json_format.ParseDict(proto_json, parsed)
    return parsed.SerializeToString(deterministic=True).hex()


def fill(vector: dict[str, Any]) -> None:
    """Set every `hex` of a vector that follows from ProtoJSON beside it."""
    if "envelope" in vector:
        vector["hex"] = hex_of(vector["envelope"], ENVELOPE)
    if "json" in vector:
        vector["hex"] = hex_of(vector["json"], vector["message"])
    for whole in vector.get("reassembles", []):
        whole["hex"] = hex_of(whole["envelope"], ENVELOPE)
    # Bytes with fields that the schema does not know have no ProtoJSON: they are written by hand.
    if not vector.get("reading_only"):
        for frame in vector.get("frames", []):
            frame["hex"] = hex_of(frame["frame"], vector["message"])


def filled(path: Path) -> str:
    """The text of a file of vectors with every `hex` in it."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for vector in document["vectors"]:
        fill(vector)
    return json.dumps(document, indent=2) + "\n"


def main() -> None:
    """Fill in the files, or with --check say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    check_only = parser.parse_args().check
    stale = []
    for path in sorted(VECTORS.glob("*.json")):
        text = filled(path)
        if text == path.read_text(encoding="utf-8"):
            continue
        stale.append(path.name)
        if not check_only:
            path.write_text(text, encoding="utf-8")
    if check_only and stale:
        sys.exit(f"out of date ({', '.join(stale)}): run scripts/make_vectors.py")


if __name__ == "__main__":
    main()
