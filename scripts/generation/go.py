"""Generates Go's messages and stubs, the package mcpgrpcv1 of the module in clients/go.

It does not write the package around it, which people call. Go itself builds the two plugins of
protoc, and proves what it downloads by its checksum database.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from generation import protoc

NAME: Final = "go"
OUTPUT: Final = Path("clients") / "go" / "mcpgrpcv1"

PACKAGE: Final = "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
PLUGINS: Final = {
    "protoc-gen-go": "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
    "protoc-gen-go-grpc": "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
}
"""By their programs' names; the first is of the release of protobuf that go.mod names."""


def missing() -> str | None:
    """Go, if it is not there."""
    return None if shutil.which("go") else "go"


def generate(into: Path) -> None:
    """Write every file into `into`, which exists and is empty.

    Raises:
        GenerationError: a plugin cannot be built, or failed.
    """
    options = [f"--plugin={name}={built(name)}" for name in PLUGINS]
    for short in ("go", "go-grpc"):
        options += [f"--{short}_out={into}", f"--{short}_opt=module={PACKAGE}"]
    protoc.run(options, protoc.sources())
    # A package can embed only what lies below it.
    shutil.copyfile(protoc.SERVICE_CONFIG, into / protoc.SERVICE_CONFIG.name)


def built(name: str) -> Path:
    """The program of a plugin, of its pinned version; built if it is not there yet.

    Raises:
        GenerationError: Go could not build it.
    """
    module = PLUGINS[name]
    folder = protoc.TOOLS / "go" / module.rpartition("@")[2]
    program = folder / name
    if not program.exists():
        environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
        command = ["go", "install", module]
        if subprocess.run(command, env=environment, check=False).returncode != 0:
            raise protoc.GenerationError(f"a plugin cannot be built: {' '.join(command)}")
    return program
