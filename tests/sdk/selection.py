"""The pytest plugin that selects which tests of the SDK's interaction suite run.

It counts what it selects and stops the run when the suite is another one; it judges no result.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

SUITE = "tests/interaction/"
CELL = re.compile(r"\[(?P<transport>[a-z-]+)-(?P<revision>\d{4}-\d\d-\d\d)\]$")


def _load() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _cell(nodeid: str) -> tuple[str, str] | None:
    """The transport and the protocol revision of a cell of the matrix; None for other tests."""
    found = CELL.search(nodeid)
    return (found["transport"], found["revision"]) if found else None


def _require_counts(cells: Iterable[tuple[str, str]], expected: dict[str, dict[str, int]]) -> None:
    found = Counter(cells)
    for transport, counts in expected.items():
        there = {revision: found[transport, revision] for revision in counts}
        if there != counts:
            raise pytest.UsageError(
                f"the suite has {there} {transport} cells where selection.toml says {counts}"
            )


def _require_present(named: Iterable[str], collected: set[str]) -> None:
    absent = sorted(set(named) - collected)
    if absent:
        raise pytest.UsageError(f"selection.toml names tests that the suite lacks: {absent}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    selection = _load()
    direct = {SUITE + name for name in selection["direct"]["tests"]}
    not_run = {SUITE + entry["test"] for entry in selection["not_run"]}
    cells = {item.nodeid: cell for item in items if (cell := _cell(item.nodeid)) is not None}
    _require_counts(cells.values(), selection["cells"])
    _require_present(direct | not_run, {item.nodeid for item in items})
    chosen = {node for node, (transport, _) in cells.items() if transport in selection["cells"]}
    chosen |= direct
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
    items[:] = [item for item in items if item.nodeid in chosen]


def pytest_report_collectionfinish() -> list[str]:
    selection = _load()
    cells = ", ".join(
        f"{sum(counts.values())} {transport} cells"
        for transport, counts in selection["cells"].items()
    )
    return [
        f"{cells} and {len(selection['direct']['tests'])} tests beside the matrix",
        *(f"not run: {entry['test']}: {entry['reason']}" for entry in selection["not_run"]),
    ]
