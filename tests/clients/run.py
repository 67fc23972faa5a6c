"""Builds and tests every language's client against a server of its own: `make test-clients`.

It is no test itself. It ends with a line for each language, `LANGUAGE: N vectors, M calls`, where
calls are the RPCs and, on Sessions, the requests that the server has seen. A language whose
toolchain is missing is skipped by name; where CI is set, that fails.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.clients import reports
from tests.clients.languages import LANGUAGES, Language
from tests.clients.reports import ReportError
from tests.clients.serving import ServerError, served


class LanguageError(Exception):
    """A language's client is not in order. `str()` says how, in one line."""


def tell(text: str) -> None:
    """Print a line now, since the commands print beside it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run_command(command: Sequence[str], folder: Path, env: dict[str, str], seconds: float) -> None:
    """Run one command in a process group of its own, so that nothing of it is left.

    Raises:
        LanguageError: it failed, or took longer than it may.
    """
    words = " ".join(command)
    tell(f"$ {words}")
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        code = process.wait(max(seconds, 0))
    except subprocess.TimeoutExpired:
        raise LanguageError(f"`{words}` took longer than it may") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code != 0:
        raise LanguageError(f"`{words}` ended with {code}")


def run_commands(language: Language, env: dict[str, str]) -> None:
    """Run a language's commands within its time.

    Raises:
        LanguageError: one failed.
    """
    ends = time.monotonic() + language.seconds
    for command in language.commands:
        run_command(command, language.folder, env, ends - time.monotonic())


def tested(language: Language) -> str:
    """Test one language; gives its last line.

    Raises:
        LanguageError: something failed.
    """
    tell(f"== {language.name}")
    if not language.folder.is_dir():
        raise LanguageError(f"there is no {language.folder}")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "vectors.txt"
        with served() as server:
            settings = {**server.environment, "MCPGRPC_REPORT": str(report)}
            run_commands(language, {**os.environ, **settings})
        try:
            vectors = reports.checked(report, Path(settings["MCPGRPC_VECTORS"]))
        except ReportError as error:
            raise LanguageError(str(error)) from None
    calls = server.rpcs + server.envelopes
    if not calls:
        raise LanguageError("the server was not called")
    return f"{language.name}: {vectors} vectors, {calls} calls"


def outcome_of(language: Language) -> tuple[str, bool]:
    """The last line of a language, and whether it is in order."""
    if missing := language.missing():
        return f"{language.name}: skipped, missing: {', '.join(missing)}", not os.environ.get("CI")
    try:
        return tested(language), True
    except (LanguageError, ServerError) as error:
        return f"{language.name}: FAILED, {error}", False


def chosen(only: str) -> list[Language]:
    """The languages that are named, or all.

    Raises:
        SystemExit: there is no language of a name.
    """
    names = only.split()
    if unknown := set(names) - {language.name for language in LANGUAGES}:
        sys.exit(f"no such language: {', '.join(sorted(unknown))}")
    return [language for language in LANGUAGES if not names or language.name in names]


def main() -> None:
    """Test the languages, one after the other, and say how it was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names of languages; all by default")
    languages = chosen(parser.parse_args().only)
    outcomes = [outcome_of(language) for language in languages]
    for line, _ in outcomes:
        tell(line)
    if not all(good for _, good in outcomes):
        sys.exit(1)


if __name__ == "__main__":
    main()
