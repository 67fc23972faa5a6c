"""What a tool's schema says about its arguments, in words and for values."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc.cli.arguments import parse_arguments, typed
from mcpgrpc.cli.failures import MisuseError
from mcpgrpc.cli.schema import accepts, signature, type_name, variants

WORDS = st.sampled_from(
    [
        "properties",
        "required",
        "type",
        "enum",
        "const",
        "$ref",
        "anyOf",
        "oneOf",
        "allOf",
        "items",
        "default",
        "additionalProperties",
        "patternProperties",
    ]
)
KIND = {"$defs": {"Kind": {"enum": ["module", "class"], "type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["integer", "null"]}, "integer | null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer | null"),
        ({"oneOf": [{"anyOf": [{"type": "number"}]}, {"type": "string"}]}, "number | string"),
        ({"enum": ["asc", 1, None]}, '"asc" | 1 | null'),
        ({"const": "x"}, '"x"'),
        ({"type": "array"}, "array"),
        ({"type": "array", "items": {"type": "string"}}, "array of string"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "array of (string | null)"),
        ({"$ref": "#/$defs/Kind"}, '"module" | "class"'),
        ({"allOf": [{"$ref": "#/$defs/Kind"}], "default": "class"}, '"module" | "class"'),
        ({"properties": {}}, "object"),
        ({"items": {}}, "array of any"),
        ({"$ref": "#/$defs/Missing"}, "any"),
        ({"$ref": "https://example.com/schema"}, "any"),
        ({}, "any"),
        (True, "any"),
        (None, "any"),
    ],
)
def test_a_type_is_named_in_words(schema: Any, name: str) -> None:
    assert type_name(schema, KIND) == name


def test_a_schema_that_refers_to_itself_ends_as_any_type() -> None:
    root = {"$defs": {"Loop": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Loop"}]}}}
    assert type_name({"$ref": "#/$defs/Loop"}, root) == "null | any"


def test_an_array_of_itself_can_be_named() -> None:
    root = {"$defs": {"Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}
    assert type_name({"$ref": "#/$defs/Tree"}, root) == "array of array of array"


def test_a_schema_that_fans_out_into_itself_is_cut_short() -> None:
    wide = {"anyOf": [{"$ref": "#/$defs/Wide"}] * 4}
    assert len(variants(wide, {"$defs": {"Wide": wide}})) <= 128


@pytest.mark.parametrize(
    ("variant", "value", "fits"),
    [
        ({"type": "integer"}, 5, True),
        ({"type": "integer"}, 5.0, True),
        ({"type": "integer"}, 5.5, False),
        ({"type": "integer"}, True, False),
        ({"type": "number"}, 5, True),
        ({"type": "number"}, float("inf"), False),
        ({"type": "number"}, False, False),
        ({"type": "boolean"}, 1, False),
        ({"type": "null"}, None, True),
        ({"type": "object"}, [], False),
        ({"enum": [1]}, True, False),
        ({"enum": [True]}, True, True),
        ({"type": "of the future"}, 1, True),
        ({}, "anything", True),
    ],
)
def test_a_value_is_judged_as_json_judges_types(variant: Any, value: Any, fits: bool) -> None:
    assert accepts(variant, value) is fits


def test_a_signature_shows_required_arguments_first_then_defaults_and_optional_ones() -> None:
    schema = {
        "properties": {
            "deep": {"type": "boolean"},
            "limit": {"type": "integer", "default": 10},
            "query": {"type": "string"},
        },
        "required": ["query"],
    }
    assert signature(schema) == "query: string, deep?: boolean, limit: integer = 10"


@pytest.mark.parametrize("schema", [{}, {"properties": None}, {"properties": {}}])
def test_a_tool_without_arguments_has_an_empty_signature(schema: Any) -> None:
    assert signature(schema) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(schema=st.dictionaries(WORDS, JSON, max_size=5))
def test_no_schema_of_a_server_makes_the_command_fail(schema: dict[str, Any]) -> None:
    signature(schema)
    for text in ("1", "text", "null"):
        with contextlib.suppress(ValueError):
            typed(text, schema, schema)
        with contextlib.suppress(MisuseError):
            parse_arguments([f"type={text}"], schema, "tool")
