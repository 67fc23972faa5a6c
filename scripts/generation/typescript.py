"""Generates TypeScript's messages and service descriptors, with the service config as a module.

It writes no stubs: protobuf-es describes the services, and `clients/typescript/src/stub.ts` types
the calls from that. npm fetches the plugin, in the version named here, into `.cache/tools`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from generation import protoc

NAME: Final = "typescript"
OUTPUT: Final = Path("clients") / "typescript" / "src" / "generated"

PLUGIN: Final = "@bufbuild/protoc-gen-es@2.13.0"
"""The last release that runs on Node.js 20; package.json names the same of `@bufbuild/protobuf`."""

RUN_SECONDS: Final = 300.0
"""How long npm may take to fetch the plugin."""


def missing() -> str | None:
    """Node.js or npm, where this machine does not have it."""
    return next((name for name in ("node", "npm") if shutil.which(name) is None), None)


def generate(into: Path) -> None:
    """Write every module into `into`, which exists and is empty.

    Raises:
        GenerationError: the plugin cannot be fetched, or failed.
    """
    options = [f"--plugin=protoc-gen-es={_plugin()}", f"--es_out={into}"]
    options.append("--es_opt=target=ts,import_extension=js")
    protoc.run(options, protoc.sources())
    # A module, because Node.js 20 warns about the import of JSON; JSON is TypeScript as it stands.
    config = protoc.SERVICE_CONFIG.read_text(encoding="utf-8").strip()
    about = "// gRPC's service config of every client; generated."
    module = f"{about}\nexport const serviceConfig = {config};\n"
    (into / "service_config.ts").write_text(module, encoding="utf-8")


def _plugin() -> Path:
    """The program, fetched unless it is there already."""
    folder = protoc.TOOLS / NAME / PLUGIN.rpartition("@")[2]
    program = folder / "node_modules" / ".bin" / "protoc-gen-es"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _install(folder)
    return program


def _install(folder: Path) -> None:
    options = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error"]
    command = ["npm", "install", *options, "--prefix", str(folder), PLUGIN]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise protoc.GenerationError(
            f"npm did not end within {RUN_SECONDS:g} s; is its registry reachable?"
        ) from None
    if done.returncode != 0:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise protoc.GenerationError(f"{' '.join(command)} failed: {said}")
