"""Reports as a run would give them, with figures that are easy to reckon with."""

from __future__ import annotations

from typing import Any

from bench.results import CaseResult, Measure, Report, ScenarioResult


def figures(rate: float, p99_ms: float = 2.0) -> dict[str, Any]:
    """The figures of a block."""
    return {
        "calls": int(rate),
        "seconds": 1.0,
        "rate": rate,
        "p50_ms": 1.0,
        "p99_ms": p99_ms,
        "max_ms": 9.0,
        "server_cpu_us": 25.0,
        "client_cpu_us": 30.0,
    }


def about(**changed: Any) -> dict[str, Any]:
    """What a report says of its run."""
    machine = {
        "processor": "a processor",
        "processors": 2,
        "memory_gb": 8,
        "system": "Linux 6",
        "python": "CPython 3.11.7",
    }
    said = {
        "date": "2026-11-23 00:00 UTC",
        "form": "full",
        "commit": "c" * 40,
        "changed": False,
        "machine": machine,
        "pinning": "servers on processor 0, clients on processor 1",
        "versions": {"grpcio": "1.85.1", "uvloop": None},
    }
    return {**said, **changed}


def report(**changed: Any) -> Report:
    """A report with one case of three contenders, one of which failed, and a measure."""
    case = CaseResult(
        "64",
        "64 at once",
        {
            "lean": [figures(300.0), figures(100.0), figures(220.0)],
            "echo": [figures(100.0), figures(50.0), figures(110.0)],
            "rapid": [figures(80.0), None],
        },
        [("lean", "echo"), ("lean", "rapid")],
    )
    growth = Measure("growth", "growth of memory", "MB", [5.0, 7.0, 6.0], "at most")
    calls = ScenarioResult("calls", "Calls", [case], [], ["rapid, 64 at once: it <broke> | off"])
    unread = ScenarioResult("unread", "Never read", [], [growth])
    return Report(about(**changed), {"calls": calls, "unread": unread})
