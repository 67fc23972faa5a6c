"""The alerts and the dashboard, read by Prometheus' own tool."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from tests.observability.named import DEPLOYED, expressions_of_alerts, expressions_of_dashboard

MAX_SECONDS = 60


async def promtool(*words: str) -> str:
    """What it prints; it must end well."""
    found = shutil.which("promtool")
    if found is None and not os.environ.get("CI"):
        pytest.skip("promtool is not there: Debian has it in the package prometheus")
    assert found, "promtool is not there"
    process = await asyncio.create_subprocess_exec(
        found, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(MAX_SECONDS):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_the_alerts_are_rules() -> None:
    said = await promtool("check", "rules", str(DEPLOYED / "alerts.yaml"))
    assert f"{len(list(expressions_of_alerts()))} rules found" in said


async def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    assert "SUCCESS" in await promtool("test", "rules", str(DEPLOYED / "alerts_test.yaml"))


def test_every_alert_is_tested_both_ways() -> None:
    alerts = (DEPLOYED / "alerts.yaml").read_text()
    tests = (DEPLOYED / "alerts_test.yaml").read_text()
    names = [line.split()[-1] for line in alerts.splitlines() if "- alert:" in line]
    assert names
    for name in names:
        assert f"alertname: {name}, exp_alerts: []" in tests, f"{name} never keeps quiet"
        assert f"alertname: {name}\n        exp_alerts:\n          - exp_labels" in tests, name


async def test_the_expressions_of_the_dashboard_are_promql(tmp_path: Path) -> None:
    rules = tmp_path / "dashboard.yaml"
    lines = ["groups:", "  - name: dashboard", "    rules:"]
    for number, expression in enumerate(expressions_of_dashboard()):
        lines += [f"      - record: panel:{number}", f"        expr: '{expression}'"]
    rules.write_text("\n".join(lines) + "\n")
    assert "SUCCESS" in await promtool("check", "rules", "--lint=none", str(rules))
