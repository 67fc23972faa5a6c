"""The runner behind `make test-clients`, with languages that are a few lines of Python."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.clients import reports, run
from tests.clients.languages import LANGUAGES, Language
from tests.clients.server import VECTORS

REPORT_ALL = """
import os, pathlib
from tests.clients import reports
folder = pathlib.Path(os.environ["MCPGRPC_VECTORS"])
lines = [f"{name} {number}" for name, number in reports.demanded(folder).items()]
report = pathlib.Path(os.environ["MCPGRPC_REPORT"])
"""
CALL = """
import os, grpc
from mcpgrpc.v1 import discovery_service_pb2, discovery_service_pb2_grpc
channel = grpc.insecure_channel(os.environ["MCPGRPC_ADDRESS"])
stub = discovery_service_pb2_grpc.DiscoveryServiceStub(channel)
stub.Discover(discovery_service_pb2.DiscoverRequest(), timeout=30)
channel.close()
"""
WRITE = 'report.write_text("\\n".join(lines))'
WRITE_SHORT = 'report.write_text("\\n".join(lines[1:]))'


def language(*programs: str, seconds: float = 60) -> Language:
    """A language whose commands are programs in Python."""
    commands = tuple((sys.executable, "-c", program) for program in programs)
    folder = Path(__file__).resolve().parents[2]
    return Language("small", folder, (), commands, seconds)


def test_a_language_in_order_says_how_many_vectors_and_calls() -> None:
    line, good = run.outcome_of(language(REPORT_ALL + WRITE, CALL, CALL))
    assert good
    assert line == f"small: {sum(reports.demanded(VECTORS).values())} vectors, 2 calls"


def test_a_language_whose_report_is_short_fails() -> None:
    line, good = run.outcome_of(language(REPORT_ALL + WRITE_SHORT, CALL))
    assert not good
    assert line.startswith("small: FAILED, vectors were left out: ")


def test_a_language_that_calls_nothing_fails() -> None:
    line, good = run.outcome_of(language(REPORT_ALL + WRITE))
    assert (line, good) == ("small: FAILED, the server was not called", False)


def test_a_command_that_fails_fails_its_language_and_ends_it() -> None:
    with pytest.raises(run.LanguageError, match="ended with 3"):
        run.run_commands(language("raise SystemExit(3)", "raise SystemExit(4)"), dict(os.environ))


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    # Reading ends only when the last process that writes is gone.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reading, True)
    hold = f"import signal; held = open({str(pipe)!r}, 'w'); signal.pause()"
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    with pytest.raises(run.LanguageError, match="took longer than it may"):
        run.run_commands(language(start, seconds=2), dict(os.environ))
    assert os.read(reading, 1) == b""
    os.close(reading)


@pytest.mark.parametrize(("ci", "good"), [("", True), ("true", False)], ids=["here", "in CI"])
def test_a_missing_toolchain_is_named_and_fails_only_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, good: bool
) -> None:
    monkeypatch.setenv("CI", ci)
    lacking = Language("small", Path(), ("no-such-compiler", sys.executable), ())
    line = "small: skipped, missing: no-such-compiler"
    assert run.outcome_of(lacking) == (line, good)


def test_a_client_that_is_not_there_fails(tmp_path: Path) -> None:
    absent = Language("small", tmp_path / "absent", (), ())
    line, good = run.outcome_of(absent)
    assert not good
    assert "there is no" in line


def test_languages_are_chosen_by_name() -> None:
    assert [each.name for each in run.chosen("rust go")] == ["go", "rust"]
    assert run.chosen("") == list(LANGUAGES)
    with pytest.raises(SystemExit, match="no such language: cobol"):
        run.chosen("go cobol")
