"""Generates the stubs of every client from `proto/`, each into its folder below `clients/`.

It does not format or repair what the generators write: what is committed is what they produce, so
that `make check` can generate again and compare. A language whose toolchain this machine lacks is
named and left out; where CI is set, that is an error.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final, Protocol, cast

from generation.protoc import ROOT, GenerationError

LANGUAGES: Final = ("python", "go", "typescript", "java", "rust")


class Language(Protocol):
    """What a module of `generation` has."""

    NAME: str
    OUTPUT: Path

    def missing(self) -> str | None:
        """The toolchain that this machine lacks."""

    def generate(self, into: Path) -> None:
        """Write everything into an empty folder."""


def module_of(name: str) -> Language:
    """The module of a language."""
    return cast("Language", importlib.import_module(f"generation.{name}"))


def files_in(folder: Path) -> dict[Path, bytes]:
    """What a folder holds, but for what Python compiles beside its modules."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(fresh: Path, committed: Path) -> list[str]:
    """Names of the files that only one of two folders has, or that they have differently."""
    made, kept = files_in(fresh), files_in(committed)
    return sorted(str(name) for name in made.keys() | kept if made.get(name) != kept.get(name))


def replace(committed: Path, fresh: Path) -> None:
    """Put a generated folder in the place of the committed one."""
    shutil.rmtree(committed, ignore_errors=True)
    shutil.copytree(fresh, committed)


def generate(language: Language, *, check: bool) -> str | None:
    """Generate one language, or compare it; gives what is wrong."""
    lacking = language.missing()
    if lacking is not None:
        print(f"{language.NAME}: skipped, {lacking} is missing")
        return f"{language.NAME}: {lacking} is missing" if os.environ.get("CI") else None
    committed = ROOT / language.OUTPUT
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        language.generate(fresh)
        stale = differences(fresh, committed)
        if stale and not check:
            replace(committed, fresh)
    if stale and check:
        return f"{language.OUTPUT} is out of date ({', '.join(stale)}): run `make generate`"
    return None


def main() -> None:
    """Generate, or with --check compare what would be generated with what is committed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    parser.add_argument("languages", nargs="*", help=f"of {', '.join(LANGUAGES)}; all by default")
    arguments = parser.parse_args()
    names = arguments.languages or LANGUAGES
    if unknown := set(names) - set(LANGUAGES):
        parser.error(f"no such language: {', '.join(sorted(unknown))}")
    try:
        wrong = [generate(module_of(name), check=arguments.check) for name in names]
    except GenerationError as error:
        sys.exit(str(error))
    if said := [text for text in wrong if text]:
        sys.exit("\n".join(said))


if __name__ == "__main__":
    main()
