"""Long strings of JSON a part at a time: the text and the value that they have as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcpgrpc.binding import json_parts, json_text
from tests.unit.binding.strategies import json_values, texts_of

MARK = "\u2400"
PAIR = "\\ud83d\\ude00"
PART_SIZES = [1, 2, 5, 13, 64, 200]

ESCAPES = ("\\", '\\"', "\\\\", "\\u", "\\u2400", PAIR, "\\ud83d", "\\ude00", "\n")
SIGNS = ('"', "{", "}", "[", "]", ",", ":", " ", '{"a":', '","b":"', "[1,2")
OTHERS = ("0", "1", "2" * 25, "1e400", "u2400", "\u00e9", "\U0001f600", MARK, f"{MARK}0{MARK}")
TEXTS = ("plain text that is long enough", "and another one")

LONG = "some text, and more of it. " * 20

odd = st.lists(st.sampled_from((*ESCAPES, *SIGNS, *OTHERS, *TEXTS)), max_size=24).map("".join)
"""Bits of JSON in any order: mostly none, or nearly."""


def finished(steps: json_parts.Steps[Any]) -> tuple[Any, int]:
    """What work gives, and how often it paused."""
    pauses = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, pauses
        pauses += 1


def outcome(read: Any) -> tuple[str, str]:
    """A value so that it compares by its types as well, or what was wrong."""
    try:
        return "value", repr(read())
    except json_text.JsonTextError as error:
        return type(error).__name__, str(error)


def assert_read_as_a_whole(text: str) -> None:
    whole = outcome(lambda: json_text.parse(text))
    for size in PART_SIZES:
        assert outcome(lambda size=size: finished(json_parts.parse(text, size))[0]) == whole


@given(texts_of(json_values))
def test_any_value_is_read_in_parts_as_it_is_as_a_whole(text: str) -> None:
    assert_read_as_a_whole(text)


@given(st.one_of(odd, odd.map(lambda text: f'"{text}"'), odd.map(lambda text: f'["{text}"]')))
@example(f'{{"a":"{MARK}0{MARK}","b":"{LONG}"}}')
@example('{"a":"\\u24000\\u2400","b":"' + LONG + '"}')
@example('{"a":"\\u2400","b":"' + LONG + '"}')
@example(f'["{PAIR * 30}","\\ud83d and text, \\ude00"]')
@example(f'{{"a":"first {LONG}","b":"another {LONG}","a":"last {LONG}"}}')
@example(f'{{"{LONG}":1,"a":"{LONG}"}}')
@example("1234567890" * 9)
@example("[" + "1," * 90 + "1]")
@example(" " * 90 + "1")
@example('"\ud800 stands alone in a text that is long"')
def test_what_looks_like_a_part_and_is_none_is_read_as_a_whole(text: str) -> None:
    assert_read_as_a_whole(text)


@pytest.mark.parametrize("size", PART_SIZES)
@given(text=st.text(max_size=80))
def test_a_string_is_written_in_parts_as_it_is_as_a_whole(size: int, text: str) -> None:
    parts, _ = finished(json_parts.string_parts(text, size))
    assert '"' + "".join(parts) + '"' == json_text.dump(text)


def test_a_lone_surrogate_is_not_written() -> None:
    with pytest.raises(TypeError):
        finished(json_parts.string_parts("text \ud800", 3))


TEXT = 'A line of "text" that is no constant, and has an end.\n' * 60_000


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("l", "\u00e9")], ids=["ascii", "accents"])
@pytest.mark.parametrize(
    "value",
    [
        lambda text: {"content": [{"type": "text", "text": text}], "isError": False},
        lambda text: {"content": [{"text": text}], "structuredContent": {"result": text}},
        lambda text: [2**70, text, {"a": [text[:100], None, 1.5]}],
    ],
    ids=["content", "twice", "beside others"],
)
def test_megabytes_are_read_with_a_pause_after_each_part(value: Any, text: str) -> None:
    written = json_text.dump(value(text))
    read, pauses = finished(json_parts.parse(written))
    assert read == value(text)
    assert pauses >= len(written) // json_parts.PART_CHARACTERS


def sizes_parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the texts that are parsed as a whole from now on."""
    sizes: list[int] = []
    parse = json_text.parse

    def noted(text: str) -> Any:
        sizes.append(len(text))
        return parse(text)

    monkeypatch.setattr(json_text, "parse", noted)
    return sizes


def test_a_long_string_is_not_left_to_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    written = json_text.dump({"content": [{"type": "text", "text": TEXT}], "_meta": {"a": 1}})
    sizes = sizes_parsed(monkeypatch)
    assert finished(json_parts.parse(written))[0]["_meta"] == {"a": 1}
    assert sum(sizes) < json_parts.PART_CHARACTERS


def test_parts_end_beside_escapes_and_not_inside_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    text = ("\x01" + "x" * 13) * 5_000
    sizes = sizes_parsed(monkeypatch)
    assert finished(json_parts.parse(json_text.dump([text]), 1_000))[0] == [text]
    # A part that ended inside of one would be left to the parser, and the one behind it as well.
    assert len(sizes) == 1
    assert sizes[0] < 1_000


def test_many_small_values_beside_a_long_string_are_read_by_the_parser_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = json.dumps([*["x"] * 300_000, TEXT])

    def unexpected(*_: Any) -> None:
        pytest.fail("every value was looked at")

    monkeypatch.setattr(json_parts, "_put_back", unexpected)
    assert finished(json_parts.parse(written))[0][-1] == TEXT


def test_pauses_come_between_the_parts_of_a_string_alone() -> None:
    size = json_parts.PART_CHARACTERS
    assert finished(json_parts.string_parts(""))[1] == 0
    assert finished(json_parts.string_parts("x" * size))[1] == 0
    assert finished(json_parts.string_parts("x" * (3 * size + 1)))[1] == 3
