"""JSON text in and out (decision 5)."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given

from mcpgrpc.binding import json_text
from tests.unit.binding.strategies import json_values, number_texts, texts_of


@given(json_values)
def test_decision_5_any_value_survives_both_ways(value: Any) -> None:
    assert_same(json_text.parse(json_text.dump(value)), value)


@given(texts_of(json_values))
def test_decision_5_any_text_has_the_value_that_the_standard_library_reads(text: str) -> None:
    assert_same(json_text.parse(text), json.loads(text))


@given(number_texts)
def test_decision_5_numbers_of_any_spelling_are_read_without_loss(text: str) -> None:
    assert_same(json_text.parse(f"[{text}]"), json.loads(f"[{text}]"))


@given(json_values)
def test_dump_writes_what_any_parser_reads(value: Any) -> None:
    text = json_text.dump(value)
    text.encode()
    assert_same(json.loads(text), value)


@pytest.mark.parametrize(
    "number",
    [2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**19, 10**60, -1, 0],
)
def test_decision_5_integers_beyond_64_bits_stay_integers(number: int) -> None:
    for text in (str(number), f'{{"a":[{number},"x"]}}'):
        value = json_text.parse(text)
        read = value if isinstance(value, int) else value["a"][0]
        assert type(read) is int
        assert read == number
        assert json_text.dump(value) == text


def test_decision_5_a_number_beyond_doubles_is_read_as_infinity_and_not_refused() -> None:
    assert json_text.parse("[1e400,-1e400]") == [math.inf, -math.inf]


@pytest.mark.parametrize("text", ['"\\ud800"', '["\\udfff\\ud800"]', '{"\\ud800x":1}'])
def test_decision_5_escaped_lone_surrogates_survive_both_ways(text: str) -> None:
    assert json_text.dump(json_text.parse(text)) == text


@pytest.mark.parametrize("beside", [[], [2**70], ["\ud800"], [2**70, "\ud800"]])
def test_nan_and_infinity_are_written_as_null_whatever_stands_beside_them(
    beside: list[Any],
) -> None:
    written = json.loads(json_text.dump([math.nan, {"a": math.inf}, -math.inf, *beside]))
    assert written == [None, {"a": None}, None, *beside]


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", 'a "NaN" b', "\\NaN", '\\"NaN'])
def test_strings_that_say_nan_or_infinity_stay_strings(word: str) -> None:
    value = {word: [word, 2**70, math.nan]}
    assert json.loads(json_text.dump(value)) == {word: [word, 2**70, None]}


def test_dump_is_compact_and_keeps_the_order_of_members() -> None:
    assert json_text.dump({"b": [1, {}], "a": "é"}) == '{"b":[1,{}],"a":"é"}'
    assert (
        json_text.dump({"b": [2**64, {}], "a": None}) == '{"b":[18446744073709551616,{}],"a":null}'
    )


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), b"x", {("a",): 1}, 1j], ids=lambda value: type(value).__name__
)
def test_a_value_without_a_form_in_json_is_refused(value: Any) -> None:
    with pytest.raises(json_text.JsonTextError):
        json_text.dump({"a": [value]})


def test_a_value_that_holds_itself_is_refused() -> None:
    circular: list[Any] = []
    circular.append(circular)
    with pytest.raises(json_text.JsonTextError):
        json_text.dump(circular)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hello",
        "{",
        "[1,]",
        '{"a":1,}',
        "{'a':1}",
        "01",
        "+1",
        "1.",
        ".5",
        "0x10",
        "1 2",
        "{} {}",
        "[1]x",
        "nul",
        "True",
        "NaN",
        "[Infinity]",
        "[-Infinity]",
        '"\n"',
        '"\\x"',
        '"\\u12"',
        "\ufeff{}",
        "\u00a0{}",
        '"\ud800"',
        '{"a":"\udfff"}',
        "[" * 400,
        "]" * 600,
        "]" * 600 + "[" * 1200,
        '"' + "[" * 600,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_what_is_not_json_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(json_text.JsonTextError) as caught:
        json_text.parse(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize("text", ['{"password":hunter2}', '{"p":"hunter2', '["hunter2\ud800"]'])
def test_the_refusal_names_where_and_never_what(text: str) -> None:
    with pytest.raises(json_text.JsonTextError) as caught:
        json_text.parse(text)
    assert "hunter2" not in str(caught.value)


def test_the_deepest_text_that_is_parsed_has_512_levels_and_is_written_again() -> None:
    for deepest in ("[" * 512 + "]" * 512, '{"":' * 512 + "1e400" + "}" * 512):
        value = json_text.parse(deepest)
        assert json_text.dump(value) == deepest.replace("1e400", "null")
    for deeper in ("[" * 513 + "]" * 513, '{"":' * 513 + "0" + "}" * 513, "[" * 10_000):
        with pytest.raises(json_text.JsonTooDeepError):
            json_text.parse(deeper)


def test_brackets_inside_of_strings_are_no_levels() -> None:
    text = '["' + "[{" * 600 + '\\"[[","' + "]}" * 600 + '\\\\"]'
    assert json_text.parse(text) == json.loads(text)


def test_levels_side_by_side_do_not_add_up() -> None:
    text = "[" + ",".join(["[[]]"] * 1000) + "]"
    assert len(json_text.parse(text)) == 1000


def test_the_depth_is_the_caller_s() -> None:
    assert json_text.parse("[[]]", max_depth=2) == [[]]
    with pytest.raises(json_text.JsonTooDeepError, match="deeper than 2 levels"):
        json_text.parse("[[[]]]", max_depth=2)


def test_deeper_than_the_parsers_can_is_refused_even_where_the_caller_allows_it() -> None:
    with pytest.raises(json_text.JsonTextError):
        json_text.parse("[" * 200_000 + "]" * 200_000, max_depth=1_000_000)


def test_an_integer_of_more_digits_than_python_converts_is_refused() -> None:
    with pytest.raises(json_text.JsonTextError, match="4300 digits"):
        json_text.parse("9" * 5000)


def test_a_text_of_another_type_is_no_object() -> None:
    assert json_text.parse_object('{"a":1}') == {"a": 1}
    for text in ("[]", "null", '"{}"', "1"):
        assert json_text.parse_object(text) is None
    with pytest.raises(json_text.JsonTextError):
        json_text.parse_object("")


def assert_same(left: Any, right: Any) -> None:
    """Equal, with 1, 1.0 and true kept apart."""
    assert repr(left) == repr(right)


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**30])
@pytest.mark.parametrize("filling", ['"' + "x" * 70_000 + '"', "[" + "0," * 40_000 + "0]"])
def test_decision_5_integers_stay_integers_in_large_texts_too(number: int, filling: str) -> None:
    value = json_text.parse(f'[{filling},{{"n":[{number}]}}]')
    assert value[1] == {"n": [number]}
    assert isinstance(value[1]["n"][0], int)


@pytest.mark.parametrize("text", ["1],[2", "1]],[[2", "[]],[[]", "]", "[1],"])
@pytest.mark.parametrize("levels", [0, 600])
def test_a_text_that_fits_into_brackets_alone_is_no_value(text: str, levels: int) -> None:
    many_brackets = "[" + ",".join(["[]"] * levels) + "]"
    with pytest.raises(json_text.JsonTextError):
        json_text.parse(f"{many_brackets},{text}" if levels else text)


def test_orjson_reads_as_deep_as_it_is_relied_on_to() -> None:
    assert json_text._counts_depth(), "orjson reads deeper now; depth is counted the slow way"
    assert json_text.parse("[" * 1024 + "]" * 1024, max_depth=1024)


def test_without_it_the_depth_is_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "_counts_depth", lambda: False)
    assert json_text.parse("[" * 512 + "]" * 512)
    with pytest.raises(json_text.JsonTooDeepError, match="deeper than 512 levels"):
        json_text.parse("[" * 513 + "]" * 513)


FILLING = "x" * 100_000
"""What makes a text large: those are looked at in another way."""


@pytest.mark.parametrize("filling", [FILLING, FILLING + "\u00e9"], ids=["ascii", "accents"])
def test_a_large_text_is_read_with_the_care_of_a_small_one(filling: str) -> None:
    def large(text: str) -> str:
        return f'["{filling}",{text}]'

    for text in ("1" * 25, "1e400", '"\\ud800"', '{"a":[1,{"b":null}]}', '"' + "[{" * 600 + '"'):
        assert_same(json_text.parse(large(text)), json.loads(large(text)))
    assert json_text.parse(large("[" * 511 + "]" * 511))[0] == filling
    for deep in ("[" * 512 + "]" * 512, '{"":' * 512 + "0" + "}" * 512):
        with pytest.raises(json_text.JsonTooDeepError):
            json_text.parse(large(deep))
    for wrong in ("nul", "NaN", '"\ud800"', "1],[2", "[1"):
        with pytest.raises(json_text.JsonTextError):
            json_text.parse(large(wrong))


def test_large_numbers_among_many_values_of_a_large_text_are_read_without_loss() -> None:
    values = [FILLING, *range(300), 2**64 + 1]
    assert_same(json_text.parse(json.dumps(values)), values)
