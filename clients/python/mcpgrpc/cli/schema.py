"""What a JSON Schema says about one argument, as far as a command line needs it.

It is not a validator: ranges, patterns and what is inside of arrays and objects are the server's
to check.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]

ANY: Schema = {}
_MAX_STEPS = 128
"""Alternatives and references of one argument that are looked at; what lies beyond is any type."""
_MAX_NESTED_NAMES = 2
"""How deep the items of arrays are named."""


def _is_integer(value: Any) -> bool:
    whole = isinstance(value, float) and value.is_integer()
    return whole or (isinstance(value, int) and not isinstance(value, bool))


def _is_number(value: Any) -> bool:
    finite = isinstance(value, float) and math.isfinite(value)
    return finite or (isinstance(value, int) and not isinstance(value, bool))


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def variants(schema: Any, root: Schema) -> list[Schema]:
    """The alternatives of a schema, each with an `enum`, a single `type`, or neither (any value).

    Args:
        schema: of one argument; booleans and anything else that is no object mean any value.
        root: the whole schema, in which a `$ref` such as "#/$defs/Kind" is looked up.
    """
    found: list[Schema] = []
    waiting = [schema]
    # A schema may refer to itself, so the walk is bounded.
    for _ in range(_MAX_STEPS):
        if not waiting:
            return found
        leaf, alternatives = _step(waiting.pop(0), root)
        found += [leaf] if leaf is not None else []
        waiting = alternatives + waiting
    return [*found, ANY]


def accepts(variant: Schema, value: Any) -> bool:
    """Whether a JSON value is of a variant's type, or one of its enumerated values."""
    if "enum" in variant:
        return any(_same(value, each) for each in variant["enum"])
    check = _TYPES.get(variant.get("type", ""))
    # A type that JSON Schema does not know is for the server to judge.
    return check is None or check(value)


def type_name(schema: Any, root: Schema, nested: int = 0) -> str:
    """The type of an argument in words: `string`, `integer | null`, `"asc" | "desc"`."""
    names = dict.fromkeys(_variant_name(each, root, nested) for each in variants(schema, root))
    return " | ".join(names)


def signature(schema: Schema) -> str:
    """The arguments of a tool in words: `query: string, limit: integer = 10, deep?: boolean`."""
    needed = required(schema)
    parts = (
        _argument(name, each, name in needed, schema) for name, each in properties(schema).items()
    )
    return ", ".join(parts)


def properties(schema: Schema) -> Schema:
    """The declared arguments of a tool, each with its schema; the required ones first."""
    declared = schema.get("properties")
    if not isinstance(declared, Mapping):
        return {}
    needed = required(schema)
    return dict(sorted(declared.items(), key=lambda item: item[0] not in needed))


def required(schema: Schema) -> list[str]:
    """The names of the arguments that a tool cannot do without."""
    names = schema.get("required")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _step(schema: Any, root: Schema) -> tuple[Schema | None, list[Any]]:
    """One alternative, or those that a schema leads to."""
    if not isinstance(schema, Mapping):
        return ANY, []
    if isinstance(schema.get("enum"), list):
        return {"enum": schema["enum"]}, []
    if "const" in schema:
        return {"enum": [schema["const"]]}, []
    if isinstance(schema.get("type"), list):
        return None, [{**schema, "type": name} for name in schema["type"]]
    if isinstance(schema.get("type"), str):
        return {key: schema[key] for key in ("type", "items") if key in schema}, []
    if isinstance(schema.get("$ref"), str):
        return None, [_referenced(schema["$ref"], root)]
    for union in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(union), list) and schema[union]:
            return None, schema[union]
    return _untyped(schema), []


def _untyped(schema: Schema) -> Schema:
    """A schema without a type, with the one that its other words imply."""
    if "properties" in schema:
        return {"type": "object"}
    return {"type": "array", "items": schema["items"]} if "items" in schema else ANY


def _referenced(reference: str, root: Schema) -> Any:
    found: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _variant_name(variant: Schema, root: Schema, nested: int) -> str:
    if "enum" in variant:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in variant["enum"])
    if variant.get("type") == "array" and "items" in variant and nested < _MAX_NESTED_NAMES:
        inner = type_name(variant["items"], root, nested + 1)
        return f"array of ({inner})" if " | " in inner else f"array of {inner}"
    return str(variant.get("type", "any"))


def _argument(name: str, schema: Any, needed: bool, root: Schema) -> str:
    words = f"{name}{'' if needed or _has_default(schema) else '?'}: {type_name(schema, root)}"
    if _has_default(schema):
        words += f" = {json.dumps(schema['default'], ensure_ascii=False)}"
    return words


def _has_default(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "default" in schema


def _same(left: Any, right: Any) -> bool:
    """Equality of JSON values; in Python `True == 1`, in JSON they differ."""
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)
