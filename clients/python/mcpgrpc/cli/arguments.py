"""A tool's arguments from `KEY=VALUE` words, typed by the tool's schema.

It is not a validator of the whole: what the types do not show, the server refuses.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from mcpgrpc.cli.failures import MisuseError
from mcpgrpc.cli.schema import (
    ANY,
    Schema,
    accepts,
    properties,
    required,
    signature,
    type_name,
    variants,
)

_MAX_QUOTED_CHARACTERS = 60


class Word(NamedTuple):
    """One `KEY=VALUE` or `KEY:=JSON` of a command line."""

    key: str
    text: str
    is_json: bool


def parse_arguments(words: Iterable[str], schema: Schema, tool: str) -> dict[str, Any]:
    """The arguments object of a call.

    A value becomes what the schema says: `limit=5` is a number for an integer and a string for a
    string. Where several types fit, JSON comes before text: `5` for `string | integer` is a number
    and `null` for `string | null` is null. `KEY:=JSON` is JSON always, of a type that the schema
    takes. Where the schema says nothing, a value is JSON if it can be read so, else a string.

    Raises:
        MisuseError: a word of another form, a key that is repeated or unknown, a value of another
            type, a required argument that is missing; the message says what the tool takes.
    """
    arguments = {word.key: _value(word, schema, tool) for word in split_words(words)}
    missing = [key for key in required(schema) if key not in arguments]
    if missing:
        raise MisuseError(f"{tool} needs {' and '.join(missing)}; {_takes(tool, schema)}")
    return arguments


def split_words(words: Iterable[str]) -> list[Word]:
    """Keys and texts, not yet typed.

    Raises:
        MisuseError: a word is not `KEY=VALUE` or `KEY:=JSON`, or a key stands twice.
    """
    given: dict[str, Word] = {}
    for word in words:
        key, equals, text = word.partition("=")
        name = key.removesuffix(":")
        if not equals or not name:
            raise MisuseError(f"{shorten(word)} is not KEY=VALUE or KEY:=JSON")
        if name in given:
            raise MisuseError(f"{name} is given twice")
        given[name] = Word(name, text, is_json=key.endswith(":"))
    return list(given.values())


def typed(text: str, schema: Any, root: Schema) -> Any:
    """The value that a text stands for where `schema` stands; `root` is where `$ref` looks.

    Raises:
        ValueError: no type of the schema fits; the message names those that would.
    """
    alternatives = variants(schema, root)
    for value in _readings(text, alternatives):
        if any(accepts(variant, value) for variant in alternatives):
            return value
    raise ValueError(type_name(schema, root))


def parse_object(text: str, option: str) -> dict[str, Any]:
    """The object that an option such as `--json` holds.

    Raises:
        MisuseError: it is not JSON, or not an object.
    """
    try:
        value = parse_json(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise MisuseError(
            f"{option} takes a JSON object such as '{{\"key\": 1}}', not {shorten(text)}"
        )
    return value


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is not JSON (NaN and Infinity are not), or nests too deep to be read.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None


def shorten(text: str) -> str:
    """A text in quotes for a message, cut where it is long."""
    cut = text if len(text) <= _MAX_QUOTED_CHARACTERS else f"{text[:_MAX_QUOTED_CHARACTERS]}…"
    return repr(cut)


def _value(word: Word, root: Schema, tool: str) -> Any:
    schema = _schema_of(word.key, root, tool)
    try:
        return (
            _json_value(word.text, schema, root) if word.is_json else typed(word.text, schema, root)
        )
    except ValueError as expected:
        reason = f"{word.key}={shorten(word.text)} is not {expected}"
        raise MisuseError(f"{reason}; {_takes(tool, root)}") from None


def _json_value(text: str, schema: Any, root: Schema) -> Any:
    try:
        value = parse_json(text)
    except ValueError:
        raise ValueError("JSON, which := asks for") from None
    if any(accepts(variant, value) for variant in variants(schema, root)):
        return value
    raise ValueError(type_name(schema, root))


def _readings(text: str, alternatives: list[Schema]) -> list[Any]:
    """What a text may stand for, the most likely first."""
    try:
        value = parse_json(text)
    except ValueError:
        return [text]
    takes_text = any(variant.get("type") == "string" for variant in alternatives)
    # Quotes that reach a string argument were meant: the shell has removed its own.
    return [text] if isinstance(value, str) and takes_text else [value, text]


def _schema_of(key: str, root: Schema, tool: str) -> Any:
    declared = properties(root)
    if key in declared:
        return declared[key]
    others = root.get("additionalProperties", "properties" not in root)
    if others is False and "patternProperties" not in root:
        close = difflib.get_close_matches(key, declared, n=1)
        guess = f" (did you mean {close[0]}?)" if close else ""
        raise MisuseError(f"{tool} takes no argument {key}{guess}; {_takes(tool, root)}")
    return others if isinstance(others, Mapping) else ANY


def _takes(tool: str, schema: Schema) -> str:
    return f"{tool} takes {signature(schema) or 'no arguments'}"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
