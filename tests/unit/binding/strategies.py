"""What JSON can be, for Hypothesis: values, numbers by their spelling, and texts."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

characters = st.characters(exclude_categories=())
"""Every code point, lone surrogates included."""

json_strings = st.text(characters, max_size=12)
json_integers = st.one_of(
    st.integers(),
    st.sampled_from([2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1]),
    st.integers(min_value=-(10**60), max_value=10**60),
)
json_floats = st.floats(allow_nan=False, allow_infinity=False)
json_leaves = st.one_of(st.none(), st.booleans(), json_integers, json_floats, json_strings)
json_values: st.SearchStrategy[Any] = st.recursive(
    json_leaves,
    lambda children: st.one_of(
        st.lists(children, max_size=4), st.dictionaries(json_strings, children, max_size=4)
    ),
    max_leaves=12,
)
json_objects = st.dictionaries(json_strings, json_values, max_size=4)

number_texts = st.from_regex(
    r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)
separators = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r\n ")])

utf8_strings = st.text(max_size=12)
integer_ids = st.one_of(
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.sampled_from([0, 7, 2**53 + 1, 2**63 - 1, -(2**63)]),
)
request_ids = st.one_of(integer_ids, utf8_strings, st.sampled_from(["", "7", "007", "null"]))


@st.composite
def texts_of(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> str:
    """A text of a value; escaped or not, with or without white space, numbers of any spelling."""
    value = draw(values)
    spelled = json.dumps(value, separators=draw(separators), ensure_ascii=draw(st.booleans()))
    if not has_utf8(spelled):
        spelled = json.dumps(value)
    return spelled


@st.composite
def object_texts(draw: st.DrawFn) -> str:
    """The text of an object, with one member whose number is spelled in any way."""
    text = draw(texts_of(json_objects))
    if text == "{}" or draw(st.booleans()):
        return text
    return '{"\\u006eumber" : ' + draw(number_texts) + "," + text[1:]


def has_utf8(text: str) -> bool:
    """Whether a string has no lone surrogate."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def exactly(text: str) -> Any:
    """The value of a text with every digit of its numbers and the order of its members."""
    return json.loads(
        text,
        parse_int=lambda digits: ("number", digits),
        parse_float=lambda digits: ("number", digits, Decimal(digits)),
        object_pairs_hook=tuple,
    )
