"""How the list of expected failures judges a run; the SDK's own tests are not needed for it."""

import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

HERE = Path(__file__).resolve().parent
ENTRY = """
[[expected_failure]]
test = "test_app.py::test_greets"
shows = "-32603"
reason = "internals stay off the wire"
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A directory where the plugin is importable, reads a list of its own and is alone."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    shutil.copy(HERE / "expected_failures.py", pytester.path)
    pytester.syspathinsert(pytester.path)
    (pytester.path / "tests" / "interaction").mkdir(parents=True)
    return pytester


def run(suite: pytest.Pytester, *, entries: str, body: str) -> pytest.RunResult:
    (suite.path / "expected_failures.toml").write_text(entries)
    test = suite.path / "tests" / "interaction" / "test_app.py"
    test.write_text(f"def test_greets():\n    {body}\n")
    options = ["-p", "expected_failures", "-p", "no:cacheprovider"]
    return suite.runpytest_inprocess("tests", *options)


def test_a_listed_test_that_fails_as_listed_is_a_listed_difference(suite: pytest.Pytester) -> None:
    result = run(suite, entries=ENTRY, body="raise ValueError(-32603)")

    assert result.ret == 0
    result.stdout.fnmatch_lines(["0 passed, 1 listed differences, 0 not as expected"])


def test_a_listed_test_that_passes_fails_the_run(suite: pytest.Pytester) -> None:
    result = run(suite, entries=ENTRY, body="pass")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["0 passed, 0 listed differences, 1 not as expected"])


def test_a_listed_test_that_fails_otherwise_fails_the_run(suite: pytest.Pytester) -> None:
    result = run(suite, entries=ENTRY, body="raise ValueError('the server hung up')")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*the server hung up*", "*does not show '-32603'*"])


def test_a_test_that_is_not_listed_is_not_excused(suite: pytest.Pytester) -> None:
    result = run(suite, entries="", body="raise ValueError(-32603)")

    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_an_entry_that_names_no_test_stops_the_run(suite: pytest.Pytester) -> None:
    result = run(suite, entries=ENTRY.replace("greets", "waves"), body="pass")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*names tests that do not run: *test_waves*"])


def test_an_entry_listed_twice_stops_the_run(suite: pytest.Pytester) -> None:
    result = run(suite, entries=ENTRY * 2, body="raise ValueError(-32603)")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*lists a test twice*"])
