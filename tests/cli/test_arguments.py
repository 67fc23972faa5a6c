"""Words of a command line as the typed arguments of a call."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc.cli.arguments import parse_arguments, parse_object, split_words, typed
from mcpgrpc.cli.failures import MisuseError

SEARCH = {
    "type": "object",
    "properties": {
        "query": {"type": "string"},
        "limit": {"type": "integer", "default": 10},
        "kind": {"anyOf": [{"enum": ["module", "class"]}, {"type": "null"}], "default": None},
    },
    "required": ["query"],
}
STRING, INTEGER, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (INTEGER, "1", 1),
        (INTEGER, "-7", -7),
        (INTEGER, "123456789012345678901234567890", 123456789012345678901234567890),
        (NUMBER, "1.5e3", 1500.0),
        (STRING, "1", "1"),
        (STRING, "true", "true"),
        (STRING, "null", "null"),
        (STRING, '"quoted"', '"quoted"'),
        (STRING, "", ""),
        (STRING, "a=b", "a=b"),
        ({"type": "boolean"}, "true", True),
        ({"type": "array"}, '[1, "a"]', [1, "a"]),
        ({"type": "object"}, '{"a": null}', {"a": None}),
        ({"anyOf": [STRING, {"type": "null"}]}, "null", None),
        ({"anyOf": [STRING, {"type": "null"}]}, "text", "text"),
        ({"anyOf": [STRING, INTEGER]}, "5", 5),
        ({"anyOf": [STRING, INTEGER]}, "5.5", "5.5"),
        ({"type": ["string", "array"]}, "[1]", [1]),
        ({"enum": ["module", "class"]}, "class", "class"),
        ({"enum": ["5", "6"]}, "5", "5"),
        ({"enum": [5, 6]}, "5", 5),
        ({}, "5", 5),
        ({}, '"5"', "5"),
        ({}, "plain", "plain"),
        (True, "NaN", "NaN"),
    ],
)
def test_a_value_becomes_what_the_schema_says(schema: Any, text: str, value: Any) -> None:
    result = typed(text, schema, {})
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (INTEGER, "many"),
        (INTEGER, "1.5"),
        (INTEGER, "1_000"),
        (INTEGER, "true"),
        (NUMBER, "NaN"),
        (NUMBER, "1e400"),
        ({"type": "boolean"}, "yes"),
        ({"type": "boolean"}, "1"),
        ({"type": "array"}, "a,b"),
        ({"type": "object"}, "[" * 100_000),
        ({"enum": ["module"]}, "modul"),
    ],
)
def test_a_value_of_another_type_is_refused(schema: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r"integer|number|boolean|array|object|module"):
        typed(text, schema, {})


@given(st.text())
def test_a_string_argument_takes_any_text_verbatim(text: str) -> None:
    assert typed(text, STRING, {}) == text


def test_arguments_are_typed_each_by_its_own_schema() -> None:
    words = ["query=5", "limit=5", "kind=class"]
    assert parse_arguments(words, SEARCH, "search") == {"query": "5", "limit": 5, "kind": "class"}


def test_json_is_forced_by_a_colon() -> None:
    assert parse_arguments(['a:="5"', "b:=[1]"], {}, "t") == {"a": "5", "b": [1]}
    assert parse_arguments(['a:="5"'], {"properties": {"a": {"type": ["string", "integer"]}}}, "t")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["limit=many", "query=x"], "limit='many' is not integer; search takes query: string, "),
        (["limit:=x", "query=x"], "limit='x' is not JSON, which := asks for"),
        (["query:=5"], "query='5' is not string"),
        (["kind=x"], 'kind=\'x\' is not "module" | "class" | null'),
        (["qery=x"], "search takes no argument qery (did you mean query?); search takes query: "),
        (["limit=1"], "search needs query; search takes query: string, limit: integer = 10"),
        (["query=a", "query=b"], "query is given twice"),
        (["query=a", "query:=1"], "query is given twice"),
        (["json"], "'json' is not KEY=VALUE or KEY:=JSON"),
        (["=x"], "'=x' is not KEY=VALUE"),
        ([":=1"], "':=1' is not KEY=VALUE"),
    ],
)
def test_a_mistake_says_what_the_tool_takes(words: list[str], reason: str) -> None:
    with pytest.raises(MisuseError) as caught:
        parse_arguments(words, SEARCH, "search")
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)


def test_a_tool_without_arguments_says_so() -> None:
    with pytest.raises(MisuseError, match="ping takes no argument a; ping takes no arguments"):
        parse_arguments(["a=1"], {"type": "object", "properties": {}}, "ping")


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"properties": {}, "additionalProperties": {"type": "string"}}, "5"),
        ({"properties": {}, "additionalProperties": True}, 5),
        ({"properties": {}, "patternProperties": {"^x": {}}}, 5),
        ({"type": "object"}, 5),
        ({}, 5),
    ],
)
def test_undeclared_arguments_pass_where_the_schema_is_open(schema: Any, value: Any) -> None:
    assert parse_arguments(["x=5"], schema, "t") == {"x": value}


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(MisuseError) as caught:
        parse_arguments([f"limit={'x' * 10_000}"], SEARCH, "search")
    assert len(str(caught.value)) < 300


def test_only_the_first_equals_sign_divides_a_word() -> None:
    assert [(word.key, word.text) for word in split_words(["a=b=c", "u:rl=x"])] == [
        ("a", "b=c"),
        ("u:rl", "x"),
    ]


def test_json_options_take_an_object() -> None:
    assert parse_object('{"a": 1}', "--json") == {"a": 1}
    for text in ("[1]", "a=1", "", "[" * 100_000, '{"a": NaN}'):
        with pytest.raises(MisuseError, match="--json takes a JSON object"):
            parse_object(text, "--json")
