"""Fills in the tables of `docs/configuration.md` from the settings model and the client's options.

It writes no prose: the text around the tables is written by hand, and a description is worded where
the setting is declared.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from typer.main import get_command

from mcpgrpc.cli.main import build
from mcpgrpc.cli.options import common_options
from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.settings_sources import TABLES as UPSTREAMS
from mcpgrpc_server.settings_sources import option_name, variable_name
from mcpgrpc_server.upstream.settings import UpstreamTable

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
MARKED = re.compile(
    r"(?P<begin><!-- generated: (?P<table>[a-z-]+) -->\n).*?(?P<end><!-- end of generated -->)",
    re.DOTALL,
)
UNITS = ((1024**2, "MiB"), (1024, "KiB"))
BOUNDS = (("ge", "at least"), ("gt", "above"), ("le", "at most"))


def server_settings() -> Iterator[str]:
    """A section for each setting of the server, in the model's order."""
    for name, field in ServerSettings.model_fields.items():
        yield f"### `{name}`\n"
        yield f"{field.description}\n"
        yield table(
            ("Option", "Variable", "Default", "Takes"),
            [(option(name, field), f"`{variable_name(name)}`", default(name, field), takes(field))],
        )


def client_options() -> Iterator[str]:
    """One table of the options that every client command has."""
    command = next(iter(cast("Any", get_command(build(["tools"]))).commands.values()))
    common = inspect.signature(common_options).parameters
    rows = []
    for declared in (each for each in command.params if each.name in common):
        named = " ".join(filter(None, (declared.opts[0], declared.metavar)))
        shown = f"`{declared.default}`" if declared.default else ""
        cells = (f"`{named}`", f"`{declared.envvar}`", shown, declared.help)
        rows.append([cell.replace("|", r"\|") for cell in cells])
    yield table(("Option", "Variable", "Default", "Meaning"), rows)


def upstream_settings() -> Iterator[str]:
    """One table of what is told about an upstream."""
    rows = [
        (f"`{name}`", default(name, field), takes(field), field.description or "")
        for name, field in UpstreamTable.model_fields.items()
    ]
    yield table(("Setting", "Default", "Takes", "Meaning"), rows)


TABLES = {
    "server-settings": server_settings,
    "upstream-settings": upstream_settings,
    "client-options": client_options,
}


def option(name: str, field: FieldInfo) -> str:
    """The option of a setting; one that is true or false can be switched off as well."""
    if name == UPSTREAMS:
        return "none"
    flag = option_name(name)
    off = f", `--no-{flag.removeprefix('--')}`" if field.annotation is bool else ""
    return f"`{flag}`{off}"


def default(name: str, field: FieldInfo) -> str:
    """The default as TOML, and in larger units where it is a size."""
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None:
        return "none"
    return f"`{json.dumps(value)}`{in_units(name, value)}"


def in_units(name: str, value: object) -> str:
    """The value of a size for people, in brackets; nothing for what is no size."""
    if not name.endswith("_bytes") or not isinstance(value, int):
        return ""
    fitting = (f" ({value // size} {unit})" for size, unit in UNITS if value and value % size == 0)
    return next(fitting, "")


def takes(field: FieldInfo) -> str:
    """The type and the bounds of a setting."""
    words = [kind(field.annotation)]
    limits = {key: getattr(m, key) for m in field.metadata for key, _ in BOUNDS if hasattr(m, key)}
    words += [f"{word} {limits[key]:,}" for key, word in BOUNDS if key in limits]
    return ", ".join(words)


def kind(annotation: Any) -> str:
    """What a value is, in a word or two."""
    names = {
        bool: "true or false",
        int: "integer",
        float: "number",
        str: "text",
        SecretStr: "text",
        Path: "path",
    }
    if annotation in names:
        return names[annotation]
    if get_origin(annotation) is Annotated:
        return kind(get_args(annotation)[0])
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) in (Union, UnionType) and len(parts) > 1:
        return " or ".join(kind(part) for part in parts)
    words = [part for part in parts if isinstance(part, str)]
    if words:
        return ", ".join(f"`{word}`" for word in words)
    if get_origin(annotation) is dict:
        return "table"
    return kind(parts[0]) if len(parts) == 1 and get_origin(annotation) is not list else "list"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    lines = [list(head), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def filled(text: str) -> str:
    """The document with every marked part in it as the code has it now."""
    return MARKED.sub(lambda m: m["begin"] + "\n".join(TABLES[m["table"]]()) + m["end"], text)


def main() -> None:
    """Fill in the tables, or with --check say that they are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    check_only = parser.parse_args().check
    before = DOCUMENT.read_text(encoding="utf-8")
    after = filled(before)
    if check_only and after != before:
        sys.exit(f"{DOCUMENT.name} is out of date: run scripts/document_settings.py")
    DOCUMENT.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
