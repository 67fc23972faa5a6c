"""What a language's tests report about the golden vectors, held against the vectors.

It reads no vector's content; which of them have bytes to compare is all that it looks for.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any


class ReportError(Exception):
    """A report is short, or cannot be read. `str()` says how, in one line."""


def comparable(vector: dict[str, Any]) -> bool:
    """Whether a vector says a message both as ProtoJSON and in bytes."""
    return "frames" in vector or ("hex" in vector and ("envelope" in vector or "json" in vector))


def demanded(folder: Path) -> dict[str, int]:
    """How many vectors of each file must be decoded, encoded again and compared."""
    files = sorted(folder.glob("*.json"))
    documents = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in files}
    return {
        name: sum(comparable(vector) for vector in document["vectors"])
        for name, document in documents.items()
    }


def read(path: Path) -> Counter[str]:
    """What a report says: lines of `FILE COUNT`, a file's lines added up.

    Raises:
        ReportError: there is none, or a line of it is none.
    """
    if not path.exists():
        raise ReportError("no vectors were reported")
    counts: Counter[str] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, count = line.rpartition(" ")
        if not name or not count.isdecimal():
            raise ReportError(f"a line of the report is not FILE COUNT: {line!r}")
        counts[Path(name).name] += int(count)
    return counts


def checked(path: Path, folder: Path) -> int:
    """How many vectors a report tells of.

    Raises:
        ReportError: it has fewer of a file than there are.
    """
    counts = read(path)
    wanted = demanded(folder)
    short = [
        f"{name} {counts[name]} of {number}"
        for name, number in wanted.items()
        if counts[name] < number
    ]
    if short:
        raise ReportError(f"vectors were left out: {', '.join(short)}")
    return sum(counts[name] for name in wanted)
