"""The golden vectors of the typed services: their bytes, and that nothing lacks a vector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from mcpgrpc.v1 import (
    completion_service_pb2,
    discovery_service_pb2,
    prompts_service_pb2,
    resources_service_pb2,
    subscriptions_service_pb2,
    tools_service_pb2,
)
from tests.vectors.files import Vector, vectors

VECTORS = vectors("typed")
POOL = descriptor_pool.Default()
SERVICES = [
    service
    for file in (
        completion_service_pb2,
        discovery_service_pb2,
        prompts_service_pb2,
        resources_service_pb2,
        subscriptions_service_pb2,
        tools_service_pb2,
    )
    for service in file.DESCRIPTOR.services_by_name.values()
]

each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[v["name"] for v in VECTORS])


def message_type(name: str) -> type[Message]:
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))


def said(vector: Vector) -> Message:
    return json_format.ParseDict(vector["json"], message_type(vector["message"])())


def called_and_answered() -> list[Descriptor]:
    """The messages of every typed RPC."""
    methods = [method for service in SERVICES for method in service.methods]
    return [side for method in methods for side in (method.input_type, method.output_type)]


def reachable(roots: list[Descriptor]) -> dict[str, Descriptor]:
    """The messages that they are made of."""
    found: dict[str, Descriptor] = {}
    waiting = list(roots)
    while waiting:
        message = waiting.pop()
        if message.full_name not in found:
            found[message.full_name] = message
            waiting += [field.message_type for field in message.fields if field.message_type]
    return found


def fields_set(message: Message) -> Iterator[FieldDescriptor]:
    """Every field that is set in a message, and in what it holds."""
    for field, value in message.ListFields():
        yield field
        if field.message_type is None:
            continue
        for held in held_messages(field, value):
            yield from fields_set(held)


def is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def held_messages(field: FieldDescriptor, value: Any) -> list[Message]:
    if is_map(field):
        return [each for each in value.values() if isinstance(each, Message)]
    return list(value) if field.is_repeated else [value]


@each_vector
def test_the_bytes_are_those_of_the_message(vector: Vector) -> None:
    message = said(vector)
    raw = bytes.fromhex(vector["hex"])
    assert message_type(vector["message"]).FromString(raw) == message
    assert message.SerializeToString(deterministic=True) == raw


@each_vector
def test_the_proto_json_says_all_that_the_bytes_say_and_no_more(vector: Vector) -> None:
    read = message_type(vector["message"]).FromString(bytes.fromhex(vector["hex"]))
    again = json_format.ParseDict(json_format.MessageToDict(read), type(read)())
    assert again == said(vector)


@each_vector
def test_the_entries_of_a_map_stand_in_the_order_of_their_keys(vector: Vector) -> None:
    # Then a writer that keeps the order of its input gives the same bytes as one that sorts.
    for members in maps(said(vector), vector["json"]):
        assert members == sorted(members)


def maps(message: Message, proto_json: Any) -> Iterator[list[str]]:
    """The keys of every map, as they stand in the file."""
    for field, value in message.ListFields():
        written = proto_json[field.json_name]
        if field.message_type is None:
            continue
        if is_map(field):
            yield list(written)
        elif field.is_repeated:
            for held, each in zip(value, written, strict=True):
                yield from maps(held, each)
        else:
            yield from maps(value, written)


def test_every_field_of_the_typed_services_is_set_in_some_vector() -> None:
    wanted = {
        field.full_name
        for message in reachable(called_and_answered()).values()
        if not message.GetOptions().map_entry
        for field in message.fields
    }
    shown = {field.full_name for vector in VECTORS for field in fields_set(said(vector))}
    assert wanted - shown == set()


def test_every_request_and_every_answer_has_a_vector_of_its_own() -> None:
    wanted = {message.full_name for message in called_and_answered()}
    assert wanted - {vector["message"] for vector in VECTORS} == set()


def test_an_optional_field_is_told_from_its_default() -> None:
    by_name = {vector["name"]: vector for vector in VECTORS}
    pairs = [
        ("list_tools_first_page", "list_tools_cursor_empty"),
        ("tools_hints_unset", "tools_hints_false"),
        ("tools_page_empty", "tools_ttl_zero"),
    ]
    for unset, default in pairs:
        assert by_name[unset]["message"] == by_name[default]["message"]
        assert said(by_name[unset]) != said(by_name[default])
