"""The tables of docs/binding.md against the schema and the code."""

from __future__ import annotations

import re

import pytest

from mcpgrpc.binding import errors
from mcpgrpc.binding.era import LEGACY_VERSIONS, MODERN_VERSIONS
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.limits import KIB, MIB, Limits, PeerLimits, to_seconds
from mcpgrpc.v1 import errors_pb2, session_pb2
from mcpgrpc_server.caller import visible_headers
from mcpgrpc_server.host import StreamBounds
from mcpgrpc_server.mirrors import MIRROR_KEYS
from mcpgrpc_server.servicer import ERA_KEY
from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.status import ERROR_CODE_KEY, MAX_MESSAGE_BYTES
from tests.docs.documents import ROOT, document

BINDING = document("docs/binding.md")
REASONS = {row[0].strip("`"): row[1:] for row in BINDING.table("### 4.2 Reasons")}
NAMES = {
    name.removeprefix("ERROR_REASON_"): number
    for name, number in errors_pb2.ErrorReason.items()
    if number
}
each_reason = pytest.mark.parametrize("name", sorted(NAMES))


def sources() -> dict[str, str]:
    """The code that can answer a reason: without the schema's names and the table itself."""
    folders = (ROOT / "server", ROOT / "clients" / "python" / "mcpgrpc")
    files = (path for folder in folders for path in folder.rglob("*.py"))
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}
    return {
        name: text
        for name, text in texts.items()
        if "/v1/" not in name and not name.endswith("binding/errors.py")
    }


def test_the_table_of_reasons_holds_those_of_the_schema_in_their_order() -> None:
    assert list(REASONS) == sorted(NAMES, key=lambda name: NAMES[name])


@each_reason
def test_a_reason_has_the_status_and_execution_of_the_code(name: str) -> None:
    refusal = Refusal(errors.reason_number(name), "")
    status, execution = REASONS[name][:2]
    assert re.fullmatch(rf"[A-Z_]+ \({refusal.status}\)", status)
    assert execution == errors.execution_name(refusal.what_ran)


@each_reason
def test_a_reason_has_the_status_and_execution_of_the_comment_in_the_schema(name: str) -> None:
    schema = (ROOT / "proto/mcpgrpc/v1/errors.proto").read_text(encoding="utf-8")
    comment = schema.split(f"  ERROR_REASON_{name} = ")[0].rpartition(";\n")[2]
    said = re.search(r"([A-Z_]+ \(\d+\))(?:, (not started|maybe))?", comment)
    assert said is not None
    assert REASONS[name][0] == said[1]
    assert said[2] is None or REASONS[name][1] == said[2].upper().replace(" ", "_")


@each_reason
def test_a_reason_counts_as_served_where_the_code_answers_it(name: str) -> None:
    used = [file for file, text in sources().items() if f"ERROR_REASON_{name}" in text]
    said = [file for file, text in sources().items() if f'"{name}"' in text]
    expected = "yes" if used else ("client" if said else "not yet")
    assert REASONS[name][3] == expected


def test_the_table_of_items_holds_those_of_the_schema() -> None:
    rows = BINDING.table("### 6.1 Items")
    for column, item in ((1, session_pb2.ClientItem), (2, session_pb2.ServerItem)):
        shown = {row[0].strip("`") for row in rows if row[column] == "✓"}
        assert shown == set(item.DESCRIPTOR.fields_by_name)


def amount(text: str) -> float:
    """A number with its unit, in the unit that the code counts in."""
    number, _, unit = text.replace(",", "").partition(" ")
    return float(number) * {"KiB": KIB, "MiB": MIB}.get(unit, 1)


def test_the_table_of_settings_holds_what_is_announced_and_assumed() -> None:
    rows = {row[0].strip("`"): row for row in BINDING.table("### 6.2 Settings")}
    assert list(rows) == list(session_pb2.Settings.DESCRIPTOR.fields_by_name)
    announced = Limits().settings()
    interval = to_seconds(announced.keepalive_interval)
    assert amount(rows["keepalive_interval"][3]) == interval
    for name in list(rows)[:-1]:
        assert amount(rows[name][3]) == getattr(announced, name)


def test_what_a_peer_that_says_nothing_takes_is_in_the_table_of_settings() -> None:
    rows = {row[0].strip("`"): row[2] for row in BINDING.table("### 6.2 Settings")}
    assumed = PeerLimits.announced(session_pb2.Settings())
    assert assumed == PeerLimits()
    assert amount(rows["max_in_flight"]) == assumed.max_in_flight
    assert amount(rows["max_frame_bytes"]) == assumed.max_frame_bytes
    assert rows["max_envelope_bytes"] == "`max_frame_bytes`"
    assert assumed.max_envelope_bytes == assumed.max_frame_bytes
    assert (assumed.max_open_fragments, assumed.keepalive_interval_seconds) == (0, 0)


def test_the_table_of_limits_holds_those_in_force_by_default() -> None:
    settings, bounds = ServerSettings(), StreamBounds()
    in_force = {
        "requests in flight on a stream": settings.max_in_flight,
        "listens on a stream": settings.max_listens,
        "frame": settings.max_message_bytes,
        "items in a frame": settings.max_inbound_frame_items,
        "envelope in pieces": settings.max_envelope_bytes,
        "envelopes in pieces at once": settings.max_open_fragments,
        "nesting of `params`": settings.max_json_depth,
        "digits of an integer that is parsed": 4300,
        "notification handlers at once on a stream": settings.max_pending_notifications,
        "RPCs at once on a connection": settings.max_concurrent_streams,
        "streams of a caller": settings.max_streams_per_caller,
        "first frame of a stream": settings.first_message_timeout_seconds,
        "a write that waits for the peer to read": settings.stall_timeout_seconds,
        "message of a status": MAX_MESSAGE_BYTES,
    }
    shown = {row[0]: amount(row[1]) for row in BINDING.table("## 15. Limits of this release")}
    assert shown == in_force
    assert bounds.initialize_timeout_seconds == 60


def test_the_metadata_keys_are_those_of_the_code() -> None:
    keys = " ".join(row[0] for row in BINDING.table("## 9. Metadata, headers and doors"))
    for key in (ERA_KEY, ERROR_CODE_KEY, errors.STATUS_DETAILS_KEY, *MIRROR_KEYS):
        assert f"`{key}`" in keys


def test_the_headers_that_are_said_to_be_removed_are() -> None:
    sentence = next(line for line in BINDING.text.splitlines() if "whatever they hold" in line)
    removed = re.findall(r"`([a-z-]+)`", sentence.split("`mcp-protocol-version`.")[1])
    assert len(removed) == 5
    assert visible_headers((name, "x") for name in (*removed, "kept")) == {"kept": "x"}


def test_the_table_of_revisions_holds_those_of_the_code() -> None:
    rows = [(row[0], row[1]) for row in BINDING.table("## 14. Revisions of MCP")]
    legacy = [(version, "legacy") for version in LEGACY_VERSIONS]
    assert rows == legacy + [(version, "modern") for version in MODERN_VERSIONS]
