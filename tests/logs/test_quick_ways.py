"""What is quick about a line changes nothing in it: the same lines as by asking every pattern."""

from __future__ import annotations

import json
import logging
import random
import re
import sys

import pytest

from mcpgrpc.logs import JsonFormatter, Redaction, TextFormatter
from mcpgrpc.logs.lines import MAX_REMEMBERED_NAMES, MAX_VALUE_CHARACTERS
from mcpgrpc.logs.redaction import SECRET_NAMES, escape_controls

NAMES = ("card_number", "X-Patient", "pin", "a.b-c", "sk", "7", "none")
REDACTIONS = {"the built-in names": (), "names": NAMES}
SEEDS = range(8)
TEXTS_PER_SEED = 150


class Thorough(Redaction):
    """Asks every pattern about each text, and about each name by itself."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(names)
        self.hidden = SECRET_NAMES.union(_parted(each) for each in names)

    def hides(self, name: str) -> bool:
        return _parted(name) in self.hidden

    def leaves(self, text: str) -> bool:
        return False


def _parted(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower().replace("_", "-")


# Those that are a letter of ASCII to a pattern that ignores case, found rather than listed.
EVERY_OTHER = "".join(map(chr, range(0x80, sys.maxunicode + 1)))
FOLDS = {
    each: re.findall(each, EVERY_OTHER, re.IGNORECASE) for each in "abcdefghijklmnopqrstuvwxyz"
}
FOLDED = [(letter, other) for letter, others in FOLDS.items() for other in others]

WORDS = [
    *sorted(SECRET_NAMES),
    *("card_number", "cardNumber", "CARD-NUMBER", "x_patient", "pin", "PIN", "a.b_c", "a.bC"),
    *("sk", "7", "none", "bearer", "Bearer", "tokens", "accessToken", "clientSecret", "Set-Cookie"),
    *("mcpgrpc_ab12_s3cret", "MCPGRPC_a_b", "xmcpgrpc_a_b", "mcpgrpc_", "mcpgrpc_server.session"),
    *("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln", "EYJhbGciOiJub25lIn0.x.y", "eyJ", "heyJude.a"),
]
BETWEEN = [
    *(": ", "=", " = ", "': '", '": "', "', b'", "', value='", '\\": \\"', "\\t", "\\n", " "),
    *("\n", "\r", "\t", ",", "'", '"', "_", "-", ".", "", "\x1b[2J", "\u2028", "\u202e", "\x85"),
]
VALUES = [
    *("s3cret", "Basic dXNlcjpwdw==", "a b c", "é", "\ud800", "\udc80\ud83d", "😀", "x" * 900),
    *("", "0", "tools/call", "ipv4:127.0.0.1:54321", "\x00", "\\", "\\u212a", "Σίσυφος", "ΑΣ\n"),
]


def _folded(draw: random.Random, text: str) -> str:
    letter, other = draw.choice(FOLDED)
    return re.sub(letter, other, text, flags=re.IGNORECASE)


def hostile(draw: random.Random) -> str:
    """A text of what patterns look for, in any case, whole and cut."""
    pieces = [draw.choice(draw.choice((WORDS, BETWEEN, VALUES))) for _ in range(draw.randint(1, 7))]
    text = "".join(pieces)
    change = draw.choice((str, str, str.upper, str.lower, str.title, str.swapcase))
    text = change(text)
    text = _folded(draw, text) if draw.random() < 0.3 else text
    return text[draw.randint(0, 3) :] if draw.random() < 0.3 else text


@pytest.mark.parametrize("names", REDACTIONS.values(), ids=REDACTIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_text_is_redacted_as_by_every_pattern(seed: int, names: tuple[str, ...]) -> None:
    draw = random.Random(seed)
    quick, thorough = Redaction(names), Thorough(names)
    texts = [hostile(draw) for _ in range(TEXTS_PER_SEED)]
    assert [quick.text(each) for each in texts] == [thorough.text(each) for each in texts]
    assert [quick.hides(each) for each in texts] == [thorough.hides(each) for each in texts]


@pytest.mark.parametrize("names", REDACTIONS.values(), ids=REDACTIONS)
def test_letters_beyond_ascii_that_pass_for_others_hide_as_much(names: tuple[str, ...]) -> None:
    assert ("k", "\N{KELVIN SIGN}") in FOLDED
    assert ("s", "\N{LATIN SMALL LETTER LONG S}") in FOLDED
    quick, thorough = Redaction(names), Thorough(names)
    for letter, other in FOLDED:
        for name in WORDS:
            folded = name.replace(letter, other)
            assert quick.hides(folded) == thorough.hides(folded)
            text = f"{folded}: Bearer s3cret"
            assert quick.text(text) == thorough.text(text)


def made(draw: random.Random) -> logging.LogRecord:
    """A record with fields of every kind."""
    some = [hostile(draw) for _ in range(6)]
    values = [
        *some,
        *(7, -1, 2**70, True, None, 0.25, float("nan"), float("-inf"), b"bytes: s3cret"),
        *({some[0]: some[1], "token": 1}, [some[2], [{some[3]: (1.5, None)}]], {some[4]}),
        *("tools/call", "x" * 1_024, "x" * 1_025, "pin=1" * 2_000),
    ]
    keys = [*WORDS, *some, "event", "kind", "level", "message_id", "logger", "exception"]
    fields = {draw.choice(keys): draw.choice(values) for _ in range(draw.randint(0, 9))}
    record = logging.LogRecord("a", logging.INFO, __file__, 1, draw.choice(some), (), None)
    taken = vars(record).keys()
    vars(record).update({key: each for key, each in fields.items() if key not in taken})
    if draw.random() < 0.1:
        record.exc_info = (ValueError, ValueError(draw.choice(some)), None)
    return record


@pytest.mark.parametrize("names", REDACTIONS.values(), ids=REDACTIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_is_as_if_each_field_were_asked_for_itself(
    seed: int, names: tuple[str, ...]
) -> None:
    draw = random.Random(seed)
    # One of each for all: what it remembers of a record must not show in the next.
    kinds = [
        (kind(Redaction(names)), kind(Thorough(names))) for kind in (JsonFormatter, TextFormatter)
    ]
    for record in [made(draw) for _ in range(TEXTS_PER_SEED)]:
        for quick, thorough in kinds:
            assert quick.format(record) == thorough.format(record)
        as_json = kinds[0][0].format(record)
        assert as_json == json.dumps(json.loads(as_json), allow_nan=False)


def test_a_field_is_hidden_by_its_name_among_others_and_each_time() -> None:
    formatter = JsonFormatter(Redaction(NAMES))
    for name in ("accessToken", "a.b_C", "Pin") * 2:
        fields = {"event": "request", name: 7, "subject": "alice"}
        line = json.loads(formatter.format(logging.makeLogRecord(fields)))
        assert (line[name], line["subject"]) == ("[redacted]", "alice")


def test_names_of_fields_are_remembered_within_bounds() -> None:
    formatter = JsonFormatter(Redaction(NAMES))
    for at in range(4 * MAX_REMEMBERED_NAMES):
        for fields in ({f"name_{at}": at, "event": "x"}, {"n" * 2_000 + str(at): at}):
            line = json.loads(formatter.format(logging.makeLogRecord(fields)))
            assert list(line.values())[-1 * len(fields) :] == list(fields.values())
    remembered = formatter._shown
    assert 1 < len(remembered) <= MAX_REMEMBERED_NAMES
    assert max(map(len, remembered)) < MAX_VALUE_CHARACTERS


@pytest.mark.parametrize(
    "text", ["request", "tools/call", "ipv4:127.0.0.1:5432", "d982a1fe3ed50d346f291ef023da463f"]
)
def test_what_most_lines_hold_goes_the_quick_way(text: str) -> None:
    assert Redaction(NAMES[:2]).leaves(text)
    assert Redaction().leaves(text)


def test_every_control_is_escaped_though_most_texts_are_not_searched() -> None:
    hidden = [range(0x20), range(0x7F, 0xA0), range(0x2028, 0x202F), range(0x2066, 0x206A)]
    for code in (code for part in [*hidden, range(0xD800, 0xE000)] for code in part):
        assert chr(code) not in escape_controls(f"a{chr(code)}b")
