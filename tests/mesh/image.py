"""The root file system of the image, run as an engine would: read-only, as nobody in particular.

There is no engine: a mount namespace of its own makes the tree read-only, with the few devices and
folders that every engine mounts.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"
BUILD_SECONDS: Final = 300
START_SECONDS: Final = 60.0
END_SECONDS: Final = 30.0
SHOWN_BYTES: Final = 3_000

_SEALED: Final = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -o remount,bind,ro,nosuid,nodev "$1"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for device in null zero full random urandom; do
    touch "$1/dev/$device"
    mount --bind "/dev/$device" "$1/dev/$device"
done
mount -t tmpfs -o size=16m,mode=1777,nosuid,nodev,noexec tmpfs "$1/tmp"
mount --bind -o ro "$2" "$1/etc/mcpgrpc"
mount -o remount,bind,ro "$1/etc/mcpgrpc"
root=$1
shift 2
exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid --inh-caps=-all -- \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot --userspec=65532:65532 --groups= "$root" "$@"
"""
"""The arguments are the tree, a folder to mount at /etc/mcpgrpc, and what runs."""


class ImageError(Exception):
    """The tree cannot be built or run; the message says why."""


def may_mount() -> bool:
    """Whether this process may make a mount namespace."""
    asked = ["unshare", "--mount", "true"]
    return os.geteuid() == 0 and subprocess.run(asked, check=False).returncode == 0


def build(folder: Path, app: Path) -> Path:
    """Make the tree by the commands of the Dockerfile's stages; gives where it is."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", f"--wheel-dir={folder}", str(ROOT)])
    (wheel,) = folder.glob("*.whl")
    made = folder / "root"
    script = [sys.executable, str(DEPLOY / "rootfs.py"), str(made), "--wheel", str(wheel)]
    _run([*script, "--app", str(app), "--extras", "server"])
    return made


def _run(command: list[str]) -> None:
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    if ended.returncode:
        raise ImageError(f"{shlex.join(command)} failed: {ended.stderr[-SHOWN_BYTES:]}")


def environment() -> list[str]:
    """The words of `env` that set what the Dockerfile sets."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    (told,) = (line for line in text.splitlines() if line.startswith("ENV "))
    return told.split()[1:]


class Sealed:
    """A command that runs in the tree.

    Attributes:
        process: of the command itself.
        log: what it has written.
    """

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def status(self) -> str:
        """What the kernel says of its process."""
        return Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")

    async def says(self, words: bytes) -> None:
        """Wait until it has written these words.

        Raises:
            ImageError: it has not in time, or has ended.
        """
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                with self.log.open("ab", buffering=0) as log:
                    async for line in self.process.stdout:
                        log.write(line)
                        if words in line:
                            return
        except TimeoutError:
            pass
        raise ImageError(f"it did not say {words!r}: {self.log.read_bytes()[-SHOWN_BYTES:]!r}")

    async def ended(self) -> int:
        """Wait for its end; gives the exit code."""
        assert self.process.stdout is not None
        async with asyncio.timeout(END_SECONDS):
            rest = await self.process.stdout.read()
            with self.log.open("ab") as log:
                log.write(rest)
            return await self.process.wait()


@asynccontextmanager
async def sealed(
    root: Path, settings: Path, words: Sequence[str], log: Path
) -> AsyncIterator[Sealed]:
    """Run a command of the image while the context is open.

    Args:
        root: the tree.
        settings: the folder to mount at /etc/mcpgrpc.
        words: the command, found on the image's own PATH.
        log: everything that it writes.
    """
    python = "/usr/local/bin/python3"
    # `env` of the image: there is none, so the interpreter sets what the Dockerfile says.
    given = dict(word.split("=", 1) for word in environment())
    program = f"import os; os.chdir('/app'); os.execvpe({words[0]!r}, {list(words)!r}, {given!r})"
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--mount", "sh", "-c", _SEALED, "sealed", str(root), str(settings)),
        *(python, "-c", program),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Sealed(process, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
