"""What a name in a document stands for: a module, an object, a message, a file, a command."""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import Any

import typer
from google.protobuf import descriptor_pool

from mcpgrpc.cli.main import MODULES, build
from mcpgrpc.v1 import mcp_service_pb2  # noqa: F401  # registers the schema
from mcpgrpc_server.typed import servicers  # noqa: F401  # registers the typed services
from tests.docs.documents import ROOT

_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


def make_targets(*, documented_only: bool = False) -> set[str]:
    """The targets of the Makefile, or those that `make help` shows."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "##" in line or not documented_only]
    return set(_TARGET.findall("\n".join(lines)))


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, something in one, or a part of the schema."""
    return _in_schema(name) or _in_python(name)


@cache
def options_of(*words: str) -> set[str]:
    """Every option of the command of `mcpgrpc` that the words begin with."""
    found: Any = typer.main.get_command(build(words[:1]))
    for word in words:
        found = getattr(found, "commands", {}).get(word, found)
    taken = {"--help", "-h"}
    return taken.union(*([*each.opts, *each.secondary_opts] for each in found.params))


def is_command(name: str) -> bool:
    return name in MODULES


def _in_schema(name: str) -> bool:
    pool = descriptor_pool.Default()
    for find in (pool.FindMessageTypeByName, pool.FindServiceByName, pool.FindEnumTypeByName):
        try:
            find(name)
        except KeyError:
            continue
        return True
    return False


def _in_python(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        return _has(found, parts[length:])
    return False


def _has(found: Any, attributes: list[str]) -> bool:
    for attribute in attributes:
        if not hasattr(found, attribute):
            # A method of a Protocol and a field of a slotted dataclass are there all the same.
            return attribute in getattr(found, "__annotations__", {})
        found = getattr(found, attribute)
    return True
