"""The lock file says what is installed and nothing about where from; npm itself is not needed."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.node.installed import HERE


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return document


def test_every_package_is_named_by_version_and_hash_and_not_by_place() -> None:
    packages = {name: each for name, each in read("package-lock.json")["packages"].items() if name}
    assert packages
    for name, each in packages.items():
        assert each["integrity"].startswith("sha512-"), name
        assert "resolved" not in each, f"{name}: make the lock file in tests/node, as .npmrc says"


def test_what_is_asked_for_by_name_is_one_version_and_the_locked_one() -> None:
    asked, locked = read("package.json")["dependencies"], read("package-lock.json")["packages"]
    assert locked[""]["dependencies"] == asked
    for name, version in asked.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", version), name
        assert locked[f"node_modules/{name}"]["version"] == version
