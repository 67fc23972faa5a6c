"""The CPUs that a process may run on.

It divides no work: several workers on several CPUs are several processes.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection

from mcpgrpc_server.settings import SettingsError


def pin(cpus: Collection[int]) -> None:
    """Keep this process, with the threads it has and will have, on some CPUs.

    Raises:
        SettingsError: this system cannot, or one of them is not there; nothing has changed then.
    """
    if sys.platform != "linux":
        raise SettingsError(f"cpu_affinity needs Linux, and this is {sys.platform}")
    _pin_this_thread(set(cpus))
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread), cpus)


def _pin_this_thread(wanted: set[int]) -> None:
    before = os.sched_getaffinity(0)
    # A set with no good CPU at all is an error; numbers beyond a C integer are one of Python's.
    with contextlib.suppress(OSError, OverflowError):
        os.sched_setaffinity(0, wanted)
    away = sorted(wanted - os.sched_getaffinity(0))
    if away:
        # Linux takes a set that holds one good CPU, and forgets the others without a word.
        os.sched_setaffinity(0, before)
        raise SettingsError(
            f"cpu_affinity names CPU {away[0]}, which this process cannot run on: the machine has"
            f" {os.cpu_count()}, numbered from 0, and a container may have fewer"
        )
