"""`python -m bench.pinned CPUS -- COMMAND …`: becomes the command, on those processors only.

The command ends with whoever started it, even where that one is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from typing import Final

from bench.process_figures import pin

PR_SET_PDEATHSIG: Final = 1


def end_with_parent() -> None:
    """Ask Linux to end this process with its parent; elsewhere nothing is promised."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Pin, and become the command."""
    cpus, separator, *command = sys.argv[1:]
    if separator != "--" or not command:
        sys.exit("usage: python -m bench.pinned CPU,CPU|any -- COMMAND …")
    with contextlib.suppress(OSError):
        # Whoever started it has tried, and says in the results that it could not.
        pin([int(cpu) for cpu in cpus.split(",") if cpus != "any"])
    end_with_parent()
    os.execvp(command[0], command)  # noqa: S606 - the bench's own command, without a shell


if __name__ == "__main__":
    main()
