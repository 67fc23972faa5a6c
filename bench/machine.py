"""What a run ran on: machine, kernel, Python, versions, commit and date.

It tells nothing that names the machine or whoever runs it.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.processes import REPOSITORY, Pinning

GIT_TIMEOUT_SECONDS: Final = 30
DISTRIBUTIONS: Final = (
    "mcpgrpc", "grpcio", "protobuf", "orjson", "mcp", "pydantic", "starlette", "uvicorn",
    "httpx2", "rapidmcp", "uvloop", "httptools",
)  # fmt: skip
RESULTS: Final = ("bench/results", "docs/performance", "docs/performance.md")
"""What a run writes itself is no change of what it measures."""


def about_run(form: str, pinning: Pinning) -> dict[str, Any]:
    """What goes beside the figures."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "form": form,
        "commit": _git("rev-parse", "HEAD").strip() or "unknown",
        "changed": bool(_git("status", "--porcelain", "--", ".", *_excluded(RESULTS))),
        "machine": {
            "processor": _processor(),
            "processors": os.cpu_count(),
            "memory_gb": _memory_gb(),
            "system": f"{platform.system()} {platform.release()}",
            "python": f"{platform.python_implementation()} {platform.python_version()}",
        },
        "pinning": pinning.note,
        "versions": {name: _version(name) for name in DISTRIBUTIONS},
    }


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(  # noqa: S603 - fixed words
            ["git", *arguments],  # noqa: S607 - whichever git the user has
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _excluded(paths: Sequence[str]) -> list[str]:
    return [f":(exclude){path}" for path in paths]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gb() -> int | None:
    if "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
