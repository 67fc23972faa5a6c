"""What the kernel says about a process: its processor time and its memory.

It works on Linux; elsewhere a figure is None, and is then not reported.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

SCHEDULER_CLOCK: Final = 2
"""The clock of a process that counts what the scheduler gave to all of its threads, in ns. The
kernel builds its id from the process's: `clock_getcpuclockid` is this and no system call."""


def cpu_seconds(pid: int) -> float | None:
    """The processor time of a process so far, user and system, with every thread.

    None where the kernel does not say, or the process is gone.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        return time.clock_gettime((~pid << 3) | SCHEDULER_CLOCK)
    except OSError:
        return None


def resident_bytes(pid: int) -> int | None:
    """The memory of a process that is in RAM now; None where the kernel does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def children(pid: int) -> list[int]:
    """The processes that a process has started and that run; none where the kernel does not say."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(each) for each in text.split()]


def usable_cpus() -> list[int]:
    """The processors that this process may run on; empty where that cannot be asked."""
    if not hasattr(os, "sched_getaffinity"):
        return []
    return sorted(os.sched_getaffinity(0))


def pin(cpus: Collection[int]) -> None:
    """Let this process, and what it starts, run on these processors only; no-op for none.

    Raises:
        OSError: the kernel refuses.
    """
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus)
