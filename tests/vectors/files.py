"""The golden vectors as they lie in `proto/vectors`. It does not judge them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

DIRECTORY = Path(__file__).resolve().parents[2] / "proto" / "vectors"
MESSAGES = ("requests", "notifications", "responses", "errors", "ids", "json")
Vector: TypeAlias = dict[str, Any]


def vectors(group: str) -> list[Vector]:
    """The vectors of one file."""
    document = json.loads((DIRECTORY / f"{group}.json").read_text(encoding="utf-8"))
    loaded: list[Vector] = document["vectors"]
    return loaded


def messages() -> list[tuple[str, Vector]]:
    """Every vector of a well-formed message, with its name for people."""
    return [(f"{group}: {v['name']}", v) for group in MESSAGES for v in vectors(group)]
