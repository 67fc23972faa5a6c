"""What a server sends reaches a terminal harmless and a file as it is."""

import io
import json

import pytest

from mcpgrpc.cli.terminal import escape_controls, one_line, pretty_json, write


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\u001b[2J"),
        ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
        ("\x9b31m", "\\u009b31m"),
        ("safe\rEVIL", "safe\\u000dEVIL"),
        ("a\x08b\x7f", "a\\u0008b\\u007f"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("tab\there\r\nline\n", "tab\there\r\nline\n"),
        ("grüße 🙂 日本", "grüße 🙂 日本"),
    ],
)
def test_control_characters_are_spelt_out(text: str, shown: str) -> None:
    assert escape_controls(text) == shown


def test_a_terminal_gets_no_control_characters() -> None:
    terminal = Terminal()
    write("\x1b[31mred", terminal)
    assert terminal.getvalue() == "\\u001b[31mred\n"


def test_a_file_gets_the_text_as_it_is() -> None:
    file = io.StringIO()
    write("\x1b[31mred\n", file)
    assert file.getvalue() == "\x1b[31mred\n"


def test_json_stays_json_on_a_terminal() -> None:
    value = {"a": "\x1b\x7f\x9b\u202e\r\n\t"}
    terminal = Terminal()
    write(pretty_json(value), terminal)
    assert json.loads(terminal.getvalue()) == value
    assert not set("\x1b\x7f\x9b\u202e\r") & set(terminal.getvalue())


def test_json_keeps_large_numbers_and_unicode() -> None:
    assert pretty_json({"ä": 2**200}) == f'{{\n  "ä": {2**200}\n}}'


def test_json_is_json_where_a_number_is_none() -> None:
    assert json.loads(pretty_json({"a": [float("inf")], "b": 2**70})) == {"a": [None], "b": 2**70}


def test_one_line_is_the_first_that_says_something() -> None:
    assert one_line("\n  Find \x1bnames.\n\nMore.") == "Find \\u001bnames."
    assert one_line("") == ""
