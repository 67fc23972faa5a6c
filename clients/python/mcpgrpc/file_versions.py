"""What tells two versions of a file apart, for those who read one again when it changes.

It reads no contents and watches nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, TypeAlias

Version: TypeAlias = tuple[int, ...]

GONE: Final[Version] = ()
"""The version of a file that is not there, or cannot be looked at."""


def version_of(status: os.stat_result) -> Version:
    """What differs between two versions: Kubernetes swaps links, editors write in place."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


def version_at(path: Path | str) -> Version:
    """The version that is there now, or GONE; a link is followed. Blocks for the look."""
    try:
        return version_of(os.stat(path))
    except OSError:
        return GONE
