"""Every member of the official types has its place in the schema of the typed services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from pydantic.fields import FieldInfo

from mcpgrpc_server.typed.fields import is_required, key_of, words_of
from mcpgrpc_server.typed.services import SERVICE_NAMES
from tests.docs.documents import ROOT
from tests.typed import official
from tests.typed.official import ELSEWHERE, FILES, LEFT_OUT, MEMBERS_LEFT_OUT, MESSAGES, TYPES

PLACED = sorted(name for name in TYPES if name not in LEFT_OUT)
BASE64 = {"data", "blob"}
STREAMING = re.compile(r"rpc (\w+)\((?:stream )?\w+\) returns \(stream")


def members(name: str) -> Iterator[tuple[Descriptor, str, FieldInfo]]:
    """Every member of a type, with each message that holds it."""
    for message in official.messages_of(name):
        for attribute, field in TYPES[name].model_fields.items():
            member = official.member_of(attribute, field)
            if member not in MEMBERS_LEFT_OUT:
                yield message, member, field


each_type = pytest.mark.parametrize("name", PLACED)


def place_of(message: Descriptor, member: str) -> FieldDescriptor | None:
    """The field that holds a member."""
    if message.name.endswith("Request") and member == "_meta":
        return message.fields_by_name.get("context")
    path = ELSEWHERE.get((message.name, member))
    if path is None:
        return next((field for field in message.fields if key_of(field) == member), None)
    for step in path.split("."):
        found = message.fields_by_name[step]
        message = found.message_type or message
    return found


def literals(annotation: Any) -> set[str]:
    """The words that a member may be, if it may only be words."""
    parts = get_args(annotation)
    words = {part for part in parts if isinstance(part, str)}
    return words.union(*(literals(part) for part in parts if not isinstance(part, str)))


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_type_has_a_message_or_a_reason_to_have_none(name: str) -> None:
    if name in LEFT_OUT:
        assert LEFT_OUT[name]
        assert name not in official.RENAMED
    else:
        assert official.messages_of(name)


def test_nothing_is_left_out_that_does_not_exist() -> None:
    assert {*LEFT_OUT, *official.RENAMED} <= set(TYPES)
    aliases = {
        official.member_of(name, field)
        for kind in TYPES.values()
        for name, field in kind.model_fields.items()
    }
    assert set(MEMBERS_LEFT_OUT) <= aliases


@each_type
def test_every_member_of_a_type_has_a_field(name: str) -> None:
    for message, member, _ in members(name):
        assert place_of(message, member) is not None, f"{message.name} has no place for {member}"


@each_type
def test_the_fields_of_a_type_tell_absent_from_present(name: str) -> None:
    for message, member, field in members(name):
        place = place_of(message, member)
        assert place is not None
        told = place.has_presence or place.is_repeated or place.enum_type is not None
        assert told or field.is_required(), f"{message.name}.{place.name}"


@each_type
def test_the_words_of_a_type_have_their_values(name: str) -> None:
    for message, member, field in members(name):
        place = place_of(message, member)
        assert place is not None
        words = literals(field.annotation)
        if place.enum_type is not None:
            assert set(words_of(place.enum_type)) == words
        else:
            assert not words or member == "method" or place.message_type is not None


@each_type
def test_binary_members_are_bytes_and_numbers_are_wide(name: str) -> None:
    for message, member, field in members(name):
        place = place_of(message, member)
        assert place is not None
        kinds = {field.annotation, *get_args(field.annotation)}
        if member in BASE64 and str in kinds:
            assert place.type == FieldDescriptor.TYPE_BYTES
        elif int in kinds:
            assert place.type == FieldDescriptor.TYPE_INT64
        elif float in kinds:
            assert place.type == FieldDescriptor.TYPE_DOUBLE


@each_type
def test_what_a_message_cannot_do_without_is_what_mcp_requires(name: str) -> None:
    for message, member, field in members(name):
        place = place_of(message, member)
        assert place is not None
        if not message.name.endswith("Request"):
            told = place.has_presence or place.enum_type is not None
            assert field.is_required() if is_required(place) else (told or place.is_repeated)


def test_every_object_of_mcp_keeps_what_no_field_holds() -> None:
    without = {
        message.name for message in MESSAGES.values() if "extra_json" not in message.fields_by_name
    }
    of_ours = {name for name in without if re.search(r"(Request|Response)$", name)}
    requests = {
        "CompletionArgument",
        "CompletionContext",
        "InputRetry",
        "PromptReference",
        "RequestContext",
        "ResourceTemplateReference",
    }
    wholes = {"ContentBlock", "OtherNotification", "OtherResult"}
    assert without - of_ours == requests | wholes


def test_the_services_are_those_of_the_schema() -> None:
    services = [
        service.full_name for file in FILES for service in file.DESCRIPTOR.services_by_name.values()
    ]
    assert sorted(services) == sorted(SERVICE_NAMES)


def test_what_reads_says_that_it_has_no_side_effects_and_calling_a_tool_never_does() -> None:
    effects = {
        method.name: method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
        for file in FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert {name for name, reads in effects.items() if not reads} == {
        "CallTool",
        "Listen",
        "WatchTool",
    }


def test_what_is_watched_streams_and_calling_a_tool_is_unary() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "proto").rglob("*_service.proto")]
    streaming = {name for text in texts for name in re.findall(STREAMING, text)}
    assert streaming - {"Call", "Session"} == {"WatchTool", "Listen"}
