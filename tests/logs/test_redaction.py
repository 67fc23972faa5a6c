"""Names whose values are hidden: those built in, and those of the setting."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from typing import Any

import pytest

import mcpgrpc
from mcpgrpc.logs import JsonFormatter, Redaction, TextFormatter
from mcpgrpc.logs.redaction import MAX_DEPTH, MAX_NAMES, REDACTED
from mcpgrpc_server import Server, ServerSettings
from tests.logs.written import written
from tests.rights.app import mcpserver_app

SECONDS = 20
NAMED = ("card_number", "X-Patient")

SPELLINGS = ["card_number", "cardNumber", "Card-Number", "CARD_NUMBER", "x-patient", "X_Patient"]


def lines_of(message: str, **fields: Any) -> list[str]:
    record = logging.makeLogRecord({"msg": message, "name": "an.app", "levelno": 20, **fields})
    redaction = Redaction(NAMED)
    return [each(redaction).format(record) for each in (JsonFormatter, TextFormatter)]


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_named_value_is_hidden_however_its_name_is_spelt(name: str) -> None:
    made = [
        *lines_of("x", **{name: "4111-1111"}),
        *lines_of("x", within={"deep": [{name: {"number": "4111-1111"}}]}),
        *lines_of(f"got {name}: 4111-1111"),
        *lines_of(f"got {name}=4111-1111"),
        *lines_of(f"{{'{name}': '4111-1111'}}"),
        *lines_of(f'{{"{name}": "4111-1111", "else": 1}}'),
        *lines_of(f"('{name}', b'4111-1111')"),
    ]
    assert not [line for line in made if "4111" in line]
    assert all(REDACTED in line for line in made)


def test_names_hide_nothing_but_their_own_values() -> None:
    json_line, text_line = lines_of("the card_number is missing", discard_number=7, card="a")
    for line in (json_line, text_line):
        assert "the card_number is missing" in line
        assert REDACTED not in line


BUILT_IN = ["authorization", "x_api_key", "password", "access_token", "clientSecret", "cookie"]


@pytest.mark.parametrize("names", [(), NAMED], ids=["without names", "with names"])
@pytest.mark.parametrize("name", BUILT_IN)
def test_secrets_are_hidden_whatever_the_setting_says(name: str, names: tuple[str, ...]) -> None:
    redaction = Redaction(names)
    assert redaction.hides(name)
    assert redaction.members({name: "s3cret"}) == {name: REDACTED}
    for text in ("Bearer s3cret-s3cret", "authorization: s3cret", "mcpgrpc_ab12_s3cret"):
        assert "s3cret" not in redaction.text(text)


def test_what_is_nested_too_deeply_to_be_searched_is_hidden() -> None:
    value: Any = "s3cret"
    for _ in range(5_000):
        value = {"in": [value]}
    assert "s3cret" not in str(Redaction().members(value))
    shallow: Any = "shown"
    for _ in range(MAX_DEPTH):
        shallow = [shallow]
    assert "shown" in str(Redaction().members(shallow))


@pytest.mark.parametrize("name", ["", "a b", "a:", "-a", "x" * 129, "a|b", "a*"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        Redaction([name])


def test_too_many_names_are_refused() -> None:
    with pytest.raises(ValueError, match=str(MAX_NAMES)):
        Redaction(f"n{at}" for at in range(MAX_NAMES + 1))


def test_hostile_text_takes_no_longer_for_names() -> None:
    redaction = Redaction(f"name_{at}" for at in range(MAX_NAMES))
    # Quadratic or worse for a pattern that backtracks, and then the test runs into its time limit.
    for text in ("name_1'" * 5_000, "name_1: '" + "\\" * 100_000, "name_" * 20_000):
        redaction.text(text)


async def test_the_audits_arguments_and_the_apps_lines_keep_the_setting() -> None:
    with written(redact=("pin",)) as lines:
        settings = ServerSettings(
            listen=["127.0.0.1:0"], audit="arguments", log_redact=["pin"], allow_anonymous=True
        )
        server = Server(mcpserver_app([]), settings=settings)
        async with (
            asyncio.timeout(SECONDS),
            server,
            mcpgrpc.Client(server.addresses[0], mode="2026-07-28") as client,
        ):
            arguments = {"pin": [4, 7, 1, 1], "password": "s3cret", "plain": "shown"}
            await client.request("tools/call", {"name": "open_tool", "arguments": arguments})
        logging.getLogger("an.app").info("got pin=hunter2")
    (audited,) = [each for each in lines.lines("mcpgrpc.audit") if "arguments" in each]
    assert "'plain': 'shown'" in audited["arguments"]
    assert "'pin': [redacted]" in audited["arguments"]
    assert "s3cret" not in lines.text
    assert "hunter2" not in lines.text
    assert "[4, 7, 1, 1]" not in lines.text


def test_a_setting_that_is_no_name_is_told_by_its_name() -> None:
    with pytest.raises(ValueError, match="log_redact"):
        ServerSettings(log_redact=["two words"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--log-level", "loud"), b"--log-level is one of debug, info, warning, error, critical"),
        (("--log-format", "xml"), b"--log-format is one of auto, text, json"),
        (("--log-redact", "two words"), b"--log-redact: 'two words' is no name"),
    ],
    ids=["level", "format", "redact"],
)
@pytest.mark.parametrize("command", ["gateway", "bridge"])
async def test_doors_refuse_what_cannot_be_meant(
    command: str, words: tuple[str, ...], said: bytes
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mcpgrpc.cli.main", command, "127.0.0.1:1", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS):
        _, told = await process.communicate()
    assert process.returncode == 2
    assert said in told
    assert told.count(b"\n") == 1


def test_text_and_json_have_the_same_fields() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    record = logging.makeLogRecord({"msg": "said", "name": "a", "outcome": "ok"})
    for formatter in (JsonFormatter(), TextFormatter()):
        handler.setFormatter(formatter)
        handler.emit(record)
    as_json, as_text = stream.getvalue().splitlines()
    assert '"outcome": "ok"' in as_json
    assert as_text.endswith("outcome=ok")
