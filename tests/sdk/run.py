"""Runs the official SDK's interaction tests with gRPC in place of its in-memory transport.

It fetches the tests and makes them an environment; which of them run, over what, and how they
are judged stands in the three plugins beside it.
"""

import argparse
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
CACHE = REPOSITORY / ".cache" / "sdk"
PROJECT = "mcpgrpc"
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


def require_installed(version: str) -> None:
    installed = importlib.metadata.version("mcp")
    if installed != version:
        raise RunError(
            f"the tests are pinned to mcp {version}, but mcp {installed} is installed:"
            " give tests/sdk/selection.toml its version, hash and counts"
        )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(version: str, sha256: str) -> Path:
    """The source distribution from the cache, or else from the package index."""
    archive = CACHE / f"mcp-{version}.tar.gz"
    if not archive.exists() or digest(archive) != sha256:
        download(version, sha256)
    return archive


def download(version: str, sha256: str) -> None:
    """Let pip check the hash, which it does before it runs anything the archive contains."""
    requirement = CACHE / "source.txt"
    requirement.write_text(f"mcp=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
    options = ["--quiet", "--no-deps", "--no-binary=mcp", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "download", *options, "-r", str(requirement)]
    if run(command, CACHE, INSTALL_TIMEOUT_SECONDS):
        raise RunError(f"pip could not download the source distribution of mcp {version}")


def unpack(archive: Path, version: str) -> Path:
    """Unpack the tests and their settings afresh, and not the SDK: the installed one is tested."""
    root = CACHE / f"mcp-{version}"
    shutil.rmtree(root, ignore_errors=True)
    wanted = (f"{root.name}/tests/", f"{root.name}/pyproject.toml")
    with tarfile.open(archive) as tar:
        members = [member for member in tar if member.name.startswith(wanted)]
        tar.extractall(CACHE, members, filter="data")
    return root


def environment(version: str) -> Path:
    """The interpreter of an environment with the project and what the SDK's tests import."""
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
        "--in-memory", action="store_true", help="run the same tests over the SDK's own transport"
    )
    arguments, options = parser.parse_known_args()
    plugins = (
        ["selection"] if arguments.in_memory else ["selection", "over_grpc", "expected_failures"]
    )
    source = tomllib.loads((HERE / "selection.toml").read_text(encoding="utf-8"))["source"]
    try:
        require_installed(source["version"])
        CACHE.mkdir(parents=True, exist_ok=True)
        root = unpack(fetch(**source), source["version"])
        return test(environment(source["version"]), root, plugins, options)
    except RunError as error:
        sys.stderr.write(f"test-sdk: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
