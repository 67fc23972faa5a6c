"""Generates Java's messages and stubs, and puts gRPC's service config beside them as a resource.

It does not use the environment's protoc, which has no generator for Java: protoc and the plugin are
the published programs, fetched by Maven in the versions named here and kept below `.cache/tools`.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from generation import protoc

NAME: Final = "java"
OUTPUT: Final = Path("clients") / "java" / "src" / "generated"

PROTOC: Final = "com.google.protobuf:protoc:4.35.1"
"""Writes the messages. The POM's protobuf-java has the same version, which protobuf demands."""

PLUGIN: Final = "io.grpc:protoc-gen-grpc-java:1.83.1"
"""Writes the stubs. The POM's grpc-java may be newer: it runs what older plugins wrote."""

COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy"

RUN_SECONDS: Final = 300.0
"""How long one program may take, Maven's fetching included."""

RESOURCES: Final = Path("resources") / "io" / "github" / "mcpgrpc"
"""Where the classes of the package io.github.mcpgrpc find resources of theirs."""

SYSTEMS: Final = {"Linux": "linux", "Darwin": "osx", "Windows": "windows"}
MACHINES: Final = {
    "x86_64": "x86_64",
    "AMD64": "x86_64",
    "aarch64": "aarch_64",
    "arm64": "aarch_64",
}


def missing() -> str | None:
    """Maven, where this machine does not have it."""
    return None if shutil.which("mvn") else "mvn"


def generate(into: Path) -> None:
    """Write the sources and the resource into `into`, which exists and is empty.

    Raises:
        GenerationError: a program cannot be fetched, or failed.
    """
    java = into / "java"
    java.mkdir()
    messages = [f"--java_out={java}"]
    stubs = [f"--plugin=protoc-gen-grpc-java={_program(PLUGIN)}", f"--grpc-java_out={java}"]
    _protoc(messages, protoc.sources())
    _protoc(stubs, protoc.services())
    resources = into / RESOURCES
    resources.mkdir(parents=True)
    shutil.copyfile(protoc.SERVICE_CONFIG, resources / protoc.SERVICE_CONFIG.name)


def _protoc(options: list[str], files: list[str]) -> None:
    imports = [f"-I{protoc.PROTO}", f"-I{protoc.WELL_KNOWN}"]
    _run([str(_program(PROTOC)), *imports, *options, *files])


def _program(coordinates: str) -> Path:
    """A published program, as Maven names it, fetched unless it is there already."""
    _, name, version = coordinates.split(":")
    folder = protoc.TOOLS / NAME
    program = folder / f"{name}-{version}-{_classifier()}.exe"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _fetch(f"{coordinates}:exe:{_classifier()}", scratch)
            fetched = Path(scratch) / program.name
            fetched.chmod(0o755)
            # At once, so that nobody ever finds half a program here.
            os.replace(fetched, program)
    return program


def _fetch(artifact: str, folder: str) -> None:
    options = [f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
    _run(["mvn", "-q", "-B", COPY, *options])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise protoc.GenerationError(
            f"{command[0]} did not end within {RUN_SECONDS:g} s; is its registry reachable?"
        ) from None
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip() or f"exit code {done.returncode}"
        raise protoc.GenerationError(f"{' '.join(command)} failed: {said}")


def _classifier() -> str:
    """What published programs call this machine."""
    system, machine = platform.system(), platform.machine()
    try:
        return f"{SYSTEMS[system]}-{MACHINES[machine]}"
    except KeyError:
        raise protoc.GenerationError(
            f"no protoc of Java's is published for {system} on {machine}; generate elsewhere"
        ) from None
