"""Whether a member stands twice: the quick look against one that reads every object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc.binding import json_members, json_text
from tests.unit.binding.strategies import json_values

# Few names, so that they meet; quotes and escapes, so that counting quotes can go wrong.
KEYS = st.sampled_from(["a", "b", "", "\u00e9", '"', "\\", '","a":"', "a\n"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), KEYS)


@st.composite
def texts(draw: st.DrawFn, depth: int = 3) -> str:
    """JSON whose members may stand twice, with and without escapes."""
    kind = draw(st.sampled_from(["leaf", "array", "object"] if depth else ["leaf"]))
    if kind == "leaf":
        return dumped(draw, draw(LEAVES))
    inner = draw(st.lists(texts(depth - 1), max_size=3))
    if kind == "array":
        return f"[{','.join(inner)}]"
    return "{" + ",".join(f"{dumped(draw, draw(KEYS))}: {each}" for each in inner) + "}"


def dumped(draw: st.DrawFn, value: Any) -> str:
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    is_escaped = isinstance(value, str) and draw(st.booleans())
    return text.replace("a", "\\u0061") if is_escaped else text


def stands_twice(text: str) -> bool:
    repeated = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        repeated.append(len(dict(pairs)) < len(pairs))

    json.loads(text, object_pairs_hook=look)
    return any(repeated)


@given(texts())
def test_what_certainly_stands_once_never_stands_twice(text: str) -> None:
    if json_members.certainly_unrepeated(text, json_text.parse(text)):
        assert not stands_twice(text)


@given(json_values)
def test_without_escapes_what_stands_once_is_known_to(value: Any) -> None:
    text = json_text.dump(value)
    read = json_text.parse(text)
    assert json_members.certainly_unrepeated(text, read) is ("\\" not in text)


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"a","name":"b"}',
        '{"name":1,"name":{"name":"b"}}',
        '{"x":{"name":"a","name":"a"}}',
        '{"name":"a","\\u006eame":"b"}',
        '[{"":1,"":1}]',
    ],
)
def test_a_member_that_stands_twice_is_never_taken_for_one(text: str) -> None:
    assert stands_twice(text)
    assert not json_members.certainly_unrepeated(text, json_text.parse(text))
