"""The source distribution of the official SDK, pinned: its tests and examples are not in the wheel.

It installs nothing and runs nothing of it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Final

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "sdk"
DOWNLOAD_TIMEOUT_SECONDS: Final = 900


class SourceError(Exception):
    """The sources could not be had; the message says why, in one line."""


def unpacked(directory: Path, *names: str) -> Path:
    """Unpack what begins with one of `names` afresh into `directory`, and give its root there.

    Raises:
        SourceError: another version is installed than the pinned one, or pip could not get it.
    """
    pinned = tomllib.loads((HERE / "selection.toml").read_text(encoding="utf-8"))["source"]
    version = pinned["version"]
    _require_installed(version)
    directory.mkdir(parents=True, exist_ok=True)
    root = directory / f"mcp-{version}"
    shutil.rmtree(root, ignore_errors=True)
    wanted = tuple(f"{root.name}/{name}" for name in names)
    with tarfile.open(_archive(version, pinned["sha256"])) as tar:
        members = [member for member in tar if member.name.startswith(wanted)]
        tar.extractall(directory, members, filter="data")
    return root


def _require_installed(version: str) -> None:
    installed = importlib.metadata.version("mcp")
    if installed != version:
        raise SourceError(
            f"the tests are pinned to mcp {version}, but mcp {installed} is installed:"
            " give tests/sdk/selection.toml its version, hash and counts"
        )


def _archive(version: str, sha256: str) -> Path:
    """The source distribution from the cache, or else from the package index."""
    archive = CACHE / f"mcp-{version}.tar.gz"
    if not archive.exists() or _digest(archive) != sha256:
        CACHE.mkdir(parents=True, exist_ok=True)
        _download(archive, version, sha256)
    return archive


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _download(archive: Path, version: str, sha256: str) -> None:
    """Let pip check the hash, which it does before it runs anything the archive contains.

    Two targets of make may do this beside each other, so the archive appears at once and whole.
    """
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        requirement = Path(folder) / "source.txt"
        requirement.write_text(f"mcp=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
        options = ["--quiet", "--no-deps", "--no-binary=mcp", "--require-hashes"]
        command = [sys.executable, "-m", "pip", "download", *options, "-r", str(requirement)]
        try:
            ended = subprocess.run(
                command, cwd=folder, timeout=DOWNLOAD_TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise SourceError(
                f"pip did not get mcp {version} within {DOWNLOAD_TIMEOUT_SECONDS} s"
            ) from None
        if ended.returncode:
            raise SourceError(f"pip could not download the source distribution of mcp {version}")
        (Path(folder) / archive.name).replace(archive)
