"""JSON text that is changed in places and verbatim everywhere else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc.binding.json_text import JsonTextError
from mcpgrpc_server.merge import json_edit
from tests.unit.binding import strategies

SPELLED = '{ "n" : 1.10e2,\n"name":"x","big":123456789012345678901234567890,"e":1e400}'


@given(strategies.object_texts())
def test_the_members_of_an_object_are_its_own_text(text: str) -> None:
    parts = json_edit.members(text)
    assert all(part in text for part in parts.values())
    # Parsed as decimals are spelled: nothing is rounded on the way.
    spelled = {key: json.loads(part, parse_float=str) for key, part in parts.items()}
    assert spelled == json.loads(text, parse_float=str)


@given(strategies.texts_of(st.lists(strategies.json_values, max_size=4)))
def test_the_elements_of_an_array_are_its_own_text(text: str) -> None:
    parts = json_edit.elements(text)
    assert all(part in text for part in parts)
    assert [json.loads(part, parse_float=str) for part in parts] == json.loads(
        text, parse_float=str
    )


@given(strategies.object_texts(), strategies.json_strings, strategies.json_values)
def test_setting_a_member_changes_it_alone(text: str, key: str, value: object) -> None:
    changed = json_edit.with_member(text, key, json.dumps(value))
    expected = json.loads(text, parse_float=str)
    expected[key] = json.loads(json.dumps(value), parse_float=str)
    assert json.loads(changed, parse_float=str) == expected


@given(strategies.object_texts(), st.data())
def test_a_member_can_be_taken_out(text: str, data: st.DataObject) -> None:
    expected = json.loads(text, parse_float=str)
    key = data.draw(st.sampled_from([*expected, "not there"]))
    expected.pop(key, None)
    assert json.loads(json_edit.with_member(text, key, None), parse_float=str) == expected


def test_a_member_is_set_where_it_stands_and_nothing_else_is_touched() -> None:
    assert json_edit.with_member(SPELLED, "name", '"y"') == SPELLED.replace('"x"', '"y"')


def test_a_key_that_is_escaped_is_the_same_key() -> None:
    assert json_edit.with_member('{"n\\u0061me":1}', "name", "2") == '{"n\\u0061me":2}'


def test_every_place_of_a_key_that_repeats_is_set() -> None:
    assert json_edit.with_member('{"a":1,"a":2}', "a", "3") == '{"a":3,"a":3}'


def test_strings_at_the_end_of_a_path_are_changed_and_the_rest_is_verbatim() -> None:
    text = '{"c" : [ {"uri": "x:1", "n":1.0}, 7, {"uri":8}, {"r":{"uri":"x:2"}} ],"uri":"x:3"}'
    paths = [("c", json_edit.EACH, "uri"), ("c", json_edit.EACH, "r", "uri")]
    assert json_edit.with_strings(text, paths, str.upper) == text.replace("x:1", "X:1").replace(
        "x:2", "X:2"
    )


@given(strategies.object_texts())
def test_a_text_in_which_nothing_changes_is_the_same_object(text: str) -> None:
    assert json_edit.with_strings(text, [("a",), ("b", json_edit.EACH)], lambda same: same) is text


@pytest.mark.parametrize("text", ["", "[", "{", '{"a"', '{"a":1', "[1", '["', "nope", '{"a":}'])
def test_what_is_no_json_is_an_error_of_its_own_kind(text: str) -> None:
    with pytest.raises(JsonTextError):
        json_edit.members(text)
    with pytest.raises(JsonTextError):
        json_edit.elements(text)
    if text[:1] in ("", "{"):
        with pytest.raises(JsonTextError):
            json_edit.with_strings(text, [("a", "b")], str.upper)


def test_what_nests_too_deep_to_be_read_is_an_error_and_no_crash() -> None:
    with pytest.raises(JsonTextError):
        json_edit.members('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
