"""Runs protoc over the schema, for the modules of the languages.

It is not a copy of protoc: it is the one inside the pinned grpcio-tools of the environment, so that
every machine generates with the same version.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from grpc_tools import protoc

ROOT: Final = Path(__file__).resolve().parent.parent.parent
"""The repository."""

PROTO: Final = ROOT / "proto"
"""The folder that imports in the schema are relative to."""

PACKAGE: Final = Path("mcpgrpc") / "v1"
"""The schema's folder, below PROTO."""

TOOLS: Final = ROOT / ".cache" / "tools"
"""Where plugins that are downloaded or built are kept."""

SERVICE_CONFIG: Final = ROOT / "clients" / "service_config.json"
"""gRPC's service config of every client."""

WELL_KNOWN: Final = str(importlib.resources.files("grpc_tools") / "_proto")
"""The folder of protobuf's own types."""


class GenerationError(Exception):
    """Stubs cannot be made. `str()` says why, in one line."""


def sources() -> list[str]:
    """Every file of the schema, as imports name it, in order."""
    return sorted(path.relative_to(PROTO).as_posix() for path in (PROTO / PACKAGE).glob("*.proto"))


def services() -> list[str]:
    """The files of the schema that hold a service."""
    return [source for source in sources() if source.endswith("_service.proto")]


def run(arguments: Sequence[str], files: Sequence[str]) -> None:
    """Run protoc on files of the schema.

    Args:
        arguments: options such as `--python_out=…`; where imports are found is added.
        files: as `sources` gives them.

    Raises:
        GenerationError: protoc or a plugin failed; they have said why on stderr.
    """
    command = ["protoc", f"-I{PROTO}", f"-I{WELL_KNOWN}", *arguments, *files]
    if protoc.main(command) != 0:
        raise GenerationError(f"protoc failed: {' '.join(command)}")
