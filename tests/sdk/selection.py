"""The pytest plugin that selects the in-memory tests of the SDK's interaction suite.

It counts what it selects and stops the run when the suite is another one; it judges no result.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

SUITE = "tests/interaction/"


def _load() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _revision(nodeid: str, transport: str) -> str | None:
    """The protocol revision of a cell of `transport`, or None for any other test."""
    _, _, cell = nodeid.partition(f"[{transport}-")
    return cell.removesuffix("]") or None


def _require_counts(revisions: Iterable[str], expected: dict[str, int]) -> None:
    found = dict(Counter(revisions))
    if found != expected:
        raise pytest.UsageError(
            f"the suite has {found} in-memory cells where selection.toml says {expected}"
        )


def _require_present(named: Iterable[str], collected: set[str]) -> None:
    absent = sorted(set(named) - collected)
    if absent:
        raise pytest.UsageError(f"selection.toml names tests that the suite lacks: {absent}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    selection = _load()
    transport = selection["cells"]["transport"]
    direct = {SUITE + name for name in selection["direct"]["tests"]}
    not_run = {SUITE + entry["test"] for entry in selection["not_run"]}
    revisions = {
        item.nodeid: revision
        for item in items
        if (revision := _revision(item.nodeid, transport)) is not None
    }
    _require_counts(revisions.values(), selection["cells"]["counts"])
    _require_present(direct | not_run, {item.nodeid for item in items})
    chosen = revisions.keys() | direct
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
    items[:] = [item for item in items if item.nodeid in chosen]


def pytest_report_collectionfinish() -> list[str]:
    selection = _load()
    cells = sum(selection["cells"]["counts"].values())
    return [
        f"{cells} in-memory cells and {len(selection['direct']['tests'])} tests beside the matrix",
        *(f"not run: {entry['test']}: {entry['reason']}" for entry in selection["not_run"]),
    ]
