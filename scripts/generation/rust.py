"""Generates Rust's messages and stubs, with the descriptors of the schema beside them.

It does not need a protoc of Rust's: protoc writes the descriptors, and the small crate in
`clients/rust/generator`, whose lock file pins prost and tonic, writes the code from them.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from generation import protoc

NAME: Final = "rust"
OUTPUT: Final = Path("clients") / "rust" / "src" / "generated"

GENERATOR: Final = protoc.ROOT / "clients" / "rust" / "generator" / "Cargo.toml"
DESCRIPTORS: Final = "mcpgrpc.v1.binpb"

BUILD_SECONDS: Final = 600.0
"""How long the generator may take, its building included."""


def missing() -> str | None:
    """Cargo, if it is not there."""
    return None if shutil.which("cargo") else "cargo"


def generate(into: Path) -> None:
    """Write every file into `into`, which exists and is empty.

    Raises:
        GenerationError: the generator cannot be built, or failed.
    """
    _describe(into / DESCRIPTORS)
    with tempfile.TemporaryDirectory() as scratch:
        # With comments, which the one that is kept does without.
        commented = Path(scratch) / DESCRIPTORS
        _describe(commented, "--include_source_info")
        _run_generator(commented, into)
    shutil.copyfile(protoc.SERVICE_CONFIG, into / protoc.SERVICE_CONFIG.name)


def _describe(path: Path, *options: str) -> None:
    wanted = [f"--descriptor_set_out={path}", "--include_imports", *options]
    protoc.run(wanted, protoc.sources())


def _run_generator(descriptors: Path, into: Path) -> None:
    target = protoc.TOOLS / NAME
    command = ["cargo", "run", "--quiet", "--locked", f"--manifest-path={GENERATOR}"]
    command += [f"--target-dir={target}", "--", str(descriptors), str(into)]
    try:
        done = subprocess.run(command, timeout=BUILD_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise protoc.GenerationError(
            f"the generator of Rust did not end within {BUILD_SECONDS:g} s"
        ) from None
    if done.returncode != 0:
        raise protoc.GenerationError(f"the generator of Rust failed: {' '.join(command)}")
