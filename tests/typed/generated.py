"""Results and notifications as Hypothesis makes them of the official types.

What the types allow, and what sloppy servers make of it: members of wrong types, missing ones,
unknown ones.
"""

from __future__ import annotations

import base64
import types
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel

from tests.typed.official import SURFACE, TYPES
from tests.unit.binding.strategies import json_objects, json_values

MAX_ITEMS: Final = 2
INTEGERS: Final = st.one_of(
    st.integers(-1, 100), st.sampled_from([2**53 + 1, 2**63 - 1, 2**63, -(2**64), 10**30])
)
COINS: Final = st.booleans()
BASE64: Final = st.one_of(
    st.binary(max_size=9).map(lambda data: base64.b64encode(data).decode()),
    st.sampled_from(["AAF=", "AA", "AA==\n", "_-8=", "not base64", "AAAA====", "é"]),
)


@cache
def objects_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of an official type, of the very members that it has."""
    model = TYPES[name]
    required: dict[str, Any] = {}
    optional: dict[str, Any] = {}
    for attribute, field in model.model_fields.items():
        member = field.alias or attribute
        binary = member in ("data", "blob") and str in {
            field.annotation,
            *get_args(field.annotation),
        }
        values = BASE64 if binary else values_of(field.annotation)
        (required if field.is_required() else optional)[member] = values
    declared = st.fixed_dictionaries(required, optional=optional)
    if model.model_config.get("extra") != "allow":
        return declared
    return st.builds(lambda known, open_: {**open_, **known}, declared, json_objects)


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation; anything for what is any JSON."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, types.UnionType):
        kinds = [part for part in parts if part is not type(None)]
        return st.one_of(*map(values_of, kinds))
    if origin is list:
        return st.lists(values_of(parts[0]), max_size=MAX_ITEMS)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), values_of(parts[1]), max_size=MAX_ITEMS)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return st.deferred(lambda: objects_of(annotation.__name__))
    return PLAIN.get(annotation, json_values)


PLAIN: Final[dict[Any, st.SearchStrategy[Any]]] = {
    str: st.text(st.characters(exclude_categories=()), max_size=8),
    int: INTEGERS,
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    dict: json_objects,
    SURFACE.JSONValue: json_values,
}


@st.composite
def sloppy(draw: st.DrawFn, objects: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """Objects with one thing wrong somewhere within."""
    whole = draw(objects)
    target = whole
    while within := _objects_in(target):
        if not draw(COINS):
            break
        target = draw(st.sampled_from(within))
    keys = [*target, "unheardOf"]
    key = draw(st.sampled_from(keys))
    if draw(COINS):
        target.pop(key, None)
    else:
        target[key] = draw(json_values)
    return whole


def _objects_in(value: dict[str, Any]) -> list[dict[str, Any]]:
    held = [*value.values()]
    held += [each for part in held if isinstance(part, list) for each in part]
    return [each for each in held if isinstance(each, dict)]
