"""The command behind `make generate` and `make check`: what is committed is what it writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.languages import LANGUAGES, ROOT

STUBS = Path("clients") / "python" / "mcpgrpc" / "v1"
OTHERS = [language.name for language in LANGUAGES if language.name != "python"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """As much of the repository as Python's stubs need."""
    for folder in (Path("scripts"), Path("proto"), STUBS):
        ignored = shutil.ignore_patterns("__pycache__", "vectors")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    config = Path("clients") / "service_config.json"
    shutil.copyfile(ROOT / config, tmp_path / config)
    return tmp_path


def generate(
    repository: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/generate.py", *arguments],
        cwd=repository,
        env={**os.environ, "CI": "", **environment},
        capture_output=True,
        text=True,
        timeout=50,
    )


def test_pythons_stubs_are_those_of_the_schema() -> None:
    run = generate(ROOT, "--check", "python")
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("how", ["changed", "added", "removed"])
def test_a_file_that_is_not_as_it_is_generated_is_named(copy: Path, how: str) -> None:
    file = copy / STUBS / ("by_hand.py" if how == "added" else "content_pb2.pyi")
    if how == "removed":
        file.unlink()
    else:
        with file.open("a") as text:
            text.write("# by hand\n")
    run = generate(copy, "--check", "python")
    assert run.returncode == 1
    assert f"({file.name}): run `make generate`" in run.stderr


def test_a_service_config_that_changed_is_not_up_to_date_in_the_package(copy: Path) -> None:
    (copy / "clients" / "service_config.json").write_text("{}\n")
    run = generate(copy, "--check", "python")
    assert run.returncode == 1
    assert "(service_config.json)" in run.stderr


def test_generating_puts_everything_right(copy: Path) -> None:
    (copy / STUBS / "by_hand.py").touch()
    (copy / STUBS / "errors_pb2.py").unlink()
    assert generate(copy, "python").returncode == 0
    assert generate(copy, "--check", "python").returncode == 0
    assert not (copy / STUBS / "by_hand.py").exists()


def test_checking_changes_nothing(copy: Path) -> None:
    (copy / STUBS / "by_hand.py").touch()
    assert generate(copy, "--check", "python").returncode == 1
    assert (copy / STUBS / "by_hand.py").exists()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)], ids=["here", "in CI"])
def test_a_missing_toolchain_is_named_and_fails_only_in_ci(
    copy: Path, tmp_path: Path, language: str, ci: str, code: int
) -> None:
    empty = tmp_path / "nothing"
    empty.mkdir()
    run = generate(copy, "--check", language, PATH=str(empty), CI=ci)
    assert run.returncode == code, run.stderr
    assert f"{language}: skipped, " in run.stdout


def test_an_unknown_language_is_refused(copy: Path) -> None:
    run = generate(copy, "cobol")
    assert run.returncode == 2
    assert "no such language: cobol" in run.stderr
