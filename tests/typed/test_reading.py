"""Results read into messages lose nothing, whatever a server makes of MCP's types."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpgrpc.v1 import resources_service_pb2, tools_service_pb2
from mcpgrpc_server.typed.results import read_result
from tests.typed.generated import objects_of, sloppy
from tests.typed.methods import METHODS, Method
from tests.typed.oracle import result_of, same
from tests.unit.binding.strategies import json_values, number_texts

by_examples = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
KINDS = [(method, name) for method in METHODS for name in method.results]
each_kind = pytest.mark.parametrize(
    ("method", "name"), KINDS, ids=[f"{method}-{name}" for method, name in KINDS]
)


def read(method: Method, text: str) -> Any:
    response = method.response
    read_result(text, response)
    return response


def result_type(name: str) -> str:
    return "input_required" if name == "InputRequiredResult" else "complete"


@each_kind
@by_examples
@given(data=st.data())
def test_a_result_of_an_official_type_loses_nothing(
    method: Method, name: str, data: st.DataObject
) -> None:
    result = {**data.draw(objects_of(name)), "resultType": result_type(name)}
    response = read(method, json.dumps(result))
    assert same(result_of(response), result)


@each_kind
@by_examples
@given(data=st.data())
def test_a_sloppy_result_loses_nothing(method: Method, name: str, data: st.DataObject) -> None:
    result = data.draw(sloppy(objects_of(name)))
    result["resultType"] = result_type(name)
    assert same(result_of(read(method, json.dumps(result))), result)


@by_examples
@given(value=json_values)
def test_any_json_at_all_is_kept_whole(value: Any) -> None:
    response = read(METHODS[0], json.dumps(value))
    assert response.other.result_json == json.dumps(value)


@by_examples
@given(number=number_texts, text=st.sampled_from(["structuredContent", "_meta", "unheardOf"]))
def test_a_number_keeps_its_spelling_where_the_schema_has_json_text(number: str, text: str) -> None:
    held = f'{{"n": {number} , "m":[{number}]}}'
    result = f'{{"content":[],"{text}":{held}}}'
    response = tools_service_pb2.CallToolResponse()
    read_result(result, response)
    complete = response.complete
    fields = {
        "structuredContent": complete.structured_content_json,
        "_meta": complete.meta_json,
        "unheardOf": complete.extra_json.removeprefix('{"unheardOf":').removesuffix("}"),
    }
    assert fields[text].strip("}") == held.strip("}")


def test_an_image_is_bytes_and_one_that_is_not_quite_base64_stays_as_it_is() -> None:
    whole = {"type": "image", "data": "AAE=", "mimeType": "image/png"}
    odd = {"type": "image", "data": "AAF=", "mimeType": "image/png"}
    response = tools_service_pb2.CallToolResponse()
    read_result(json.dumps({"content": [whole, odd]}), response)
    first, second = response.complete.content
    assert (first.image.data, first.image.mime_type) == (b"\x00\x01", "image/png")
    assert json.loads(second.other_json) == odd


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "7",
        '{"content":',
        '{"content":[],"content":[1]}',
        '{"content":[],"resultType":7}',
        '{"content":[],"resultType":null}',
        '{"content":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"content":[{"type":"text","text":' + "[" * 200 + "]" * 200 + "}]}",
        '{"content":[],"n":' + "9" * 5000 + "}",
        '{"content":{}}',
        '{"content":null}',
        "{}",
    ],
    ids=lambda text: text[:24] or "empty",
)
def test_what_breaks_the_schema_is_another_result_verbatim(text: str) -> None:
    response = tools_service_pb2.CallToolResponse()
    read_result(text, response)
    if response.WhichOneof("result") == "other":
        assert response.other.result_json == text
    else:
        assert same(result_of(response), {"resultType": "complete", **json.loads(text)})


UNHELD = {
    "_meta": ["null", "[]", "7", '"text"'],
    "outputSchema": ["null", "true"],
    "title": ["null", "7", '"\\ud800"'],
    "icons": ["[]", "null", "{}", "[{}]", '[{"src":7}]'],
    "annotations": ["null", "[]"],
}
UNHELD_BY_A_RESOURCE = {
    "size": ["1.5", "9223372036854775808", '"7"', "true", "1e3"],
    "annotations": ['{"priority":1152921504606846977}', '{"priority":1e400}', '{"audience":[]}'],
}


@pytest.mark.parametrize(
    ("member", "text"), [(member, text) for member, texts in UNHELD.items() for text in texts]
)
def test_a_value_that_its_field_cannot_hold_stands_beside_the_fields(
    member: str, text: str
) -> None:
    response = tools_service_pb2.ListToolsResponse()
    read_result(f'{{"tools":[{{"name":"a","inputSchema":{{}},"{member}":{text}}}]}}', response)
    (tool,) = response.complete.tools
    assert tool.extra_json == f'{{"{member}":{text}}}'
    assert tool == tools_service_pb2.Tool(
        name="a", input_schema_json="{}", extra_json=tool.extra_json
    )


@pytest.mark.parametrize(
    ("member", "text"),
    [(member, text) for member, texts in UNHELD_BY_A_RESOURCE.items() for text in texts],
)
def test_a_number_that_its_field_would_round_stands_beside_the_fields(
    member: str, text: str
) -> None:
    response = resources_service_pb2.ListResourcesResponse()
    read_result(f'{{"resources":[{{"uri":"a:b","name":"a","{member}":{text}}}]}}', response)
    (resource,) = response.complete.resources
    held = resource.annotations if member == "annotations" else resource
    assert held.extra_json == (text if member == "annotations" else f'{{"{member}":{text}}}')
    assert not resource.HasField("size")
    assert not resource.annotations.HasField("priority")


def test_the_type_of_an_extensions_result_is_told() -> None:
    response = tools_service_pb2.CallToolResponse()
    read_result('{"resultType":"com.example/receipt","n":1.50}', response)
    assert response.other.result_type == "com.example/receipt"
    assert response.other.result_json == '{"resultType":"com.example/receipt","n":1.50}'


def test_a_list_cannot_ask_for_input() -> None:
    response = METHODS[0].response
    read_result('{"resultType":"input_required","requestState":"s"}', response)
    assert response.other.result_type == "input_required"
