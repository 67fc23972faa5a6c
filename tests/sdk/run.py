"""Runs the official SDK's interaction tests with this wire in place of the SDK's transports.

It makes the tests an environment; which of them run, over what, and how they are judged stands
in the plugins beside it.
"""

import argparse
import importlib.metadata
import os
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

from tests.sdk.source import CACHE, SourceError, unpacked

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
PLUGINS = ["selection", "connections", "over_grpc", "through_http_door", "expected_failures"]
SUITE = ["tests/interaction/lowlevel", "tests/interaction/mcpserver"]
TEST_TIMEOUT_SECONDS = 30
INSTALL_TIMEOUT_SECONDS = 900
RUN_TIMEOUT_SECONDS = 900


class RunError(Exception):
    """The tests could not be run; the message says why, in one line."""


def run(command: Sequence[str], directory: Path, timeout_seconds: float, **variables: str) -> int:
    """Run `command` in `directory` and give its exit code."""
    try:
        return subprocess.run(
            command,
            cwd=directory,
            env=os.environ | variables,
            timeout=timeout_seconds,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        raise RunError(f"{command[0]} did not end within {timeout_seconds:.0f} s") from None


def environment() -> Path:
    """The interpreter of an environment with the project and what the SDK's tests import."""
    version = importlib.metadata.version("mcp")
    directory = CACHE / "venv"
    python, made_from = directory / "bin" / "python", directory / "made-from"
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = project["dependencies"], project["optional-dependencies"]["server"]
    requirements = (HERE / "requirements.txt").read_text(encoding="utf-8")
    inputs = f"{sys.version}\n{version}\n{needs}\n{requirements}"
    if not made_from.exists() or made_from.read_text(encoding="utf-8") != inputs:
        venv.create(directory, clear=True, symlinks=True)
        install(python, version)
        made_from.write_text(inputs, encoding="utf-8")
    return python


def install(python: Path, version: str) -> None:
    pip = [sys.executable, "-m", "pip", f"--python={python}", "install", "--quiet"]
    wanted = ["-e", f"{REPOSITORY}[server]", f"mcp=={version}", f"-r{HERE}/requirements.txt"]
    if run([*pip, *wanted], CACHE, INSTALL_TIMEOUT_SECONDS):
        raise RunError("pip could not install what the SDK's tests need")


def test(python: Path, root: Path, plugins: Sequence[str], options: Sequence[str]) -> int:
    """Run pytest under the suite's own settings, without the plugin for its documentation."""
    command = [str(python), "-m", "pytest", *SUITE]
    command += [part for plugin in plugins for part in ("-p", plugin)]
    command += ["-o", "addopts=", "-o", "log_cli=false", "-o", "verbosity_assertions=2"]
    command += ["-p", "no:cacheprovider", "-rfEx"]
    command += [f"--timeout={TEST_TIMEOUT_SECONDS}", "--timeout-method=signal", *options]
    return run(command, root, RUN_TIMEOUT_SECONDS, PYTHONPATH=str(HERE))


def main() -> int:
    """Fetch, install, run; 0 when every test did what is expected of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--sdk-transports", action="store_true", help="run the same tests over the SDK's own"
    )
    arguments, options = parser.parse_known_args()
    plugins = PLUGINS[:1] if arguments.sdk_transports else PLUGINS
    try:
        root = unpacked(CACHE, "tests/", "pyproject.toml")
        return test(environment(), root, plugins, options)
    except (SourceError, RunError) as error:
        sys.stderr.write(f"test-sdk: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
