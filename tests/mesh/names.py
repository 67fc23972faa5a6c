"""A name with several loopback addresses, which only what runs within its surroundings can resolve.

It is a hosts file of the test's own, put over the system's in a mount namespace. No name server and
no other process sees it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

NAME: Final = "tools.mesh.test"
TRY_SECONDS: Final = 20.0


class HostsFile:
    """A hosts file that holds the addresses of NAME.

    Args:
        folder: where it is put.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "hosts"

    def write(self, addresses: Sequence[str]) -> None:
        """The name has these addresses now, in place: who has it mounted sees them at once."""
        hosts = [address.rpartition(":")[0] for address in addresses]
        lines = ["127.0.0.1 localhost", *(f"{host} {NAME}" for host in hosts)]
        self._path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def surroundings(self) -> list[str]:
        """A command that runs another one where the name is known.

        The test is skipped where this machine does not allow it; in CI it fails.
        """
        script = 'mount --bind "$0" /etc/hosts && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", script, str(self._path)]
        if why := _refused([*command, "true"]):
            reason = f"a hosts file of one's own needs a mount namespace: {why}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return command


def _refused(command: Sequence[str]) -> str:
    """Why a command does not work here; nothing where it does."""
    if shutil.which(command[0]) is None:
        return f"there is no {command[0]} on the PATH"
    tried = subprocess.run(command, capture_output=True, timeout=TRY_SECONDS, check=False)
    return tried.stderr.decode(errors="replace").strip() if tried.returncode else ""
