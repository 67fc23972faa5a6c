"""The options that every client command takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mcpgrpc.cli.failures import MisuseError
from mcpgrpc.cli.options import CommonOptions, common_options
from tests.cli.conftest import Run


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text("s3cret-of-the-test")
    return str(path)


def test_the_defaults_are_plaintext_a_minute_and_tables() -> None:
    assert common_options() == CommonOptions(tls=False, timeout_seconds=60.0, wants_json=False)


@pytest.mark.parametrize("option", ["tls_ca", "tls_server_name"])
def test_any_tls_option_asks_for_tls(option: str, file: str) -> None:
    words: dict[str, Any] = {option: file}
    assert common_options(**words).tls


def test_a_certificate_goes_with_its_key(file: str) -> None:
    assert common_options(tls_cert=file, tls_key=file).tls
    for option in ("tls_cert", "tls_key"):
        words: dict[str, Any] = {option: file}
        with pytest.raises(MisuseError, match="--tls-cert and --tls-key go together"):
            common_options(**words)


def test_there_is_one_way_to_say_who_calls(file: str) -> None:
    with pytest.raises(MisuseError, match="--token-file and --api-key-file both say who calls"):
        common_options(token_file=file, api_key_file=file)


@pytest.mark.parametrize("word", ["0", "-1", "nan", "inf", "86401", "soon", ""])
def test_a_timeout_is_a_positive_number_of_seconds(word: str) -> None:
    with pytest.raises(MisuseError, match="--timeout takes a number of seconds"):
        common_options(timeout=word)


def test_a_file_that_is_not_there_is_named_with_its_option(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(MisuseError, match="--token-file: there is no file"):
            common_options(token_file=str(path))


def test_a_secret_may_come_from_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert common_options(token_file=str(pipe)).token_file == pipe


def test_the_output_is_for_people_or_json() -> None:
    assert common_options(output="json").wants_json
    with pytest.raises(MisuseError, match="--output is table or json, not 'xml'"):
        common_options(output="xml")


@pytest.mark.parametrize(
    ("word", "reason"), [("maybe", "neither true nor false"), ("0", "missing")]
)
async def test_a_flag_in_the_environment_is_true_or_false(run: Run, word: str, reason: str) -> None:
    done = await run("tools", "--token-file", "/missing", MCPGRPC_TLS=word)
    assert done.code == 2
    assert reason in done.err


async def test_help_tells_every_option_and_its_variable(run: Run) -> None:
    text = (await run("call", "--help")).out
    for name in ("TLS", "TLS_CA", "TLS_CERT", "TLS_KEY", "TLS_SERVER_NAME"):
        assert f"MCPGRPC_{name}]" in text
    for name in ("TOKEN_FILE", "API_KEY_FILE", "TIMEOUT", "OUTPUT"):
        assert f"MCPGRPC_{name}]" in text
