"""Which metrics the dashboard, the alerts and the document name.

It parses no PromQL: a metric's name is a word, and promtool parses the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOYED: Final = ROOT / "deploy" / "observability"
DOCUMENT: Final = ROOT / "docs" / "observability.md"

_METRIC: Final = re.compile(r"\b(?:mcpgrpc|process|python_gc)_[a-z0-9_]+\b(?!\s*[=!])")


def metrics_in(expression: str) -> set[str]:
    """The metrics that an expression names."""
    return set(_METRIC.findall(expression))


def dashboard() -> dict[str, Any]:
    """The dashboard."""
    loaded: dict[str, Any] = json.loads((DEPLOYED / "dashboard.json").read_text())
    return loaded


def expressions_of_dashboard() -> Iterator[str]:
    """Every expression of it, with Grafana's variables filled in."""
    shown = dashboard()
    panels = [target["expr"] for each in shown["panels"] for target in each.get("targets", ())]
    for each in [*panels, *(note["expr"] for note in shown["annotations"]["list"])]:
        filled = each.replace("$__rate_interval", "5m").replace("$namespace", ".*")
        yield filled.replace("$service", ".*")


def expressions_of_alerts() -> Iterator[str]:
    """Every expression of the alerts, by the indentation of YAML's blocks."""
    text = (DEPLOYED / "alerts.yaml").read_text()
    for found in re.finditer(r"^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.+)\n)", text, re.MULTILINE):
        yield found[1] or found[2]


def documented() -> set[str]:
    """The metrics of the document's table."""
    return set(re.findall(r"^\| `(mcpgrpc_[a-z_]+)` \|", DOCUMENT.read_text(), re.MULTILINE))
