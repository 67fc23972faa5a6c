"""The languages whose clients are tested: what each needs, and the commands of its own tools.

It runs nothing; `run` does.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent

SECONDS: Final = 900.0
"""How long a language may take; the first time it downloads and builds what it stands on."""


@dataclass(frozen=True)
class Language:
    """A client, and how it is built and tested.

    Attributes:
        name: as it stands in the last line.
        folder: where the commands run.
        toolchain: programs that must be there.
        commands: one after the other; each fails loudly.
        seconds: how long they may take together.
    """

    name: str
    folder: Path
    toolchain: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    seconds: float = SECONDS

    def missing(self) -> list[str]:
        """The programs that this machine lacks."""
        return [program for program in self.toolchain if shutil.which(program) is None]


# gofmt says which files it would change, and ends well all the same.
GO_FORMAT: Final = (
    'files="$(gofmt -l .)" && test -z "$files" || { echo "gofmt changes $files"; exit 1; }'
)

LANGUAGES: Final = (
    Language(
        "python",
        ROOT,
        (),
        ((sys.executable, "-m", "pytest", "-q", "-n0", "tests/clients/python"),),
    ),
    Language(
        "go",
        ROOT / "clients" / "go",
        ("go", "gofmt"),
        (
            ("sh", "-c", GO_FORMAT),
            ("go", "vet", "./..."),
            ("go", "test", "-count=1", "./..."),
        ),
    ),
    Language(
        "typescript",
        ROOT / "clients" / "typescript",
        ("node", "npm"),
        (
            ("npm", "ci", "--no-audit", "--no-fund"),
            ("npm", "run", "check"),
            ("npm", "test"),
        ),
    ),
    Language(
        "java",
        ROOT / "clients" / "java",
        ("java", "mvn"),
        (("mvn", "-q", "-B", "verify"),),
    ),
    Language(
        "rust",
        ROOT / "clients" / "rust",
        ("cargo", "rustc"),
        (
            ("cargo", "fmt", "--check"),
            ("cargo", "clippy", "--all-targets", "--", "-D", "warnings"),
            ("cargo", "test"),
        ),
    ),
)
"""In the order in which they are tested."""
