#!/usr/bin/env python3
"""Makes the whole root file system of the image: an interpreter, this project's wheel, an app.

It knows no container engine: the Dockerfile copies the result into an empty image, and a test runs
it in a namespace. Besides what runs there is nothing in it, no shell and no package manager.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import ssl
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

USER_ID: Final = 65_532
"""Who runs it, as in other images without a distribution. A number: kubelet checks `runAsNonRoot`
without reading /etc/passwd."""

VERSION: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
PREFIX: Final = Path("usr/local")
LIBRARY: Final = PREFIX / "lib" / VERSION
PACKAGES: Final = LIBRARY / "site-packages"

_DROPPED: Final = (
    *("__pycache__", "site-packages", "test", "idlelib", "tkinter", "turtledemo", "lib2to3"),
    *("ensurepip", "pydoc_data", "config-*", "_tkinter.*", "_test*", "turtle.py"),
)
"""What no service imports. `site-packages` of the build machine is replaced by the image's own."""

_COMMAND: Final = """#!/usr/local/bin/python3
import sys

from mcpgrpc.cli.main import main

sys.exit(main())
"""
_RESOLVED: Final = re.compile(r"(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)")
_ELF: Final = b"\x7fELF"
_C_LIBRARY: Final = "libc.so.6"


class RootError(Exception):
    """The tree cannot be made; the message says why, in one line."""


def make_root(root: Path, wheel: Path, extras: str, requirements: list[str], app: Path) -> None:
    """Make the tree in an empty or missing folder.

    Args:
        root: where.
        wheel: of this project.
        extras: of the wheel, separated by commas.
        requirements: of the app, as pip takes them.
        app: its file, which becomes /app/app.py, or its folder, which becomes /app.

    Raises:
        RootError: something is there already, or pip, ldd or the compiler failed.
    """
    if root.exists() and any(root.iterdir()):
        raise RootError(f"{root} is not empty")
    _copy_interpreter(root)
    _install(root, [f"mcpgrpc[{extras}] @ {wheel.resolve().as_uri()}", *requirements])
    _copy_app(root, app)
    _copy_libraries(root)
    _write_system_files(root)
    _compile(root)
    _open_to_readers(root)


def _copy_interpreter(root: Path) -> None:
    source = Path(sysconfig.get_path("stdlib"))
    ignored = shutil.ignore_patterns(*_DROPPED)
    shutil.copytree(source, root / LIBRARY, ignore=ignored, symlinks=True)
    (root / PREFIX / "bin").mkdir(parents=True)
    shutil.copy2(Path(sys.executable).resolve(), root / PREFIX / "bin" / VERSION)
    (root / PREFIX / "bin" / "python3").symlink_to(VERSION)
    command = root / PREFIX / "bin" / "mcpgrpc"
    command.write_text(_COMMAND, encoding="utf-8")
    command.chmod(0o755)


def _install(root: Path, wanted: list[str]) -> None:
    target = root / PACKAGES
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-compile", "--only-binary=:all:", "--root-user-action=ignore"]
    _run([*pip, *options, f"--target={target}", *wanted])
    # Their interpreter is that of the build machine; `python3 -m` runs what they run.
    shutil.rmtree(target / "bin", ignore_errors=True)


def _copy_app(root: Path, app: Path) -> None:
    if app.is_dir():
        shutil.copytree(app, root / "app", ignore=shutil.ignore_patterns("__pycache__"))
        return
    (root / "app").mkdir()
    shutil.copy2(app, root / "app" / "app.py")


def _copy_libraries(root: Path) -> None:
    """What the interpreter and its packages load, where the loader looks without being told."""
    libraries = _libraries(root)
    try:
        place = next(path.parent for path in libraries if path.name == _C_LIBRARY)
    except StopIteration:
        raise RootError("the interpreter does not load glibc, the one that is known here") from None
    # Loaded by name when a thread is ended; nothing links to it.
    unwinder = place / "libgcc_s.so.1"
    for path in {*libraries, *filter(Path.exists, [unwinder])}:
        # The loader's own path stands in the interpreter.
        parent = path.parent if path.name.startswith("ld-linux") else place
        copied = root / parent.relative_to("/") / path.name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path.resolve(), copied)


def _libraries(root: Path) -> set[Path]:
    programs = [str(path) for path in root.rglob("*") if _is_program(path)]
    listed = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False)
    found = {Path(path) for path in _RESOLVED.findall(listed.stdout)}
    return {path for path in found if not path.is_relative_to(root)}


def _is_program(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    if ".so" not in path.suffixes and path.parent.name != "bin":
        return False
    with path.open("rb") as file:
        return file.read(len(_ELF)) == _ELF


def _write_system_files(root: Path) -> None:
    files = {
        "etc/passwd": f"nonroot:x:{USER_ID}:{USER_ID}::/tmp:/nonexistent\n",
        "etc/group": f"nonroot:x:{USER_ID}:\n",
        "etc/nsswitch.conf": "hosts: files dns\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    authorities = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    if Path(authorities).exists():
        copied = root / "etc/ssl/certs/ca-certificates.crt"
        copied.parent.mkdir(parents=True)
        shutil.copy(authorities, copied)
    # Places to mount at: nothing in a tree that cannot be written is made later.
    for name in ("dev", "proc", "sys", "tmp", "etc/mcpgrpc", "run/mcpgrpc"):
        (root / name).mkdir(parents=True)


def _compile(root: Path) -> None:
    """Once, here: what runs can write nothing, and would compile at each start."""
    options = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/"]
    _run([sys.executable, "-m", "compileall", *options, str(root / LIBRARY), str(root / "app")])


def _open_to_readers(root: Path) -> None:
    """Whoever runs it reads all of it, whatever the umask of the build was."""
    for path in _everything(root):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)


def _everything(root: Path) -> Iterator[Path]:
    yield root
    yield from root.rglob("*")


def _run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        raise RootError(f"{' '.join(command[:4])} failed, see above")


def _arguments(words: Iterable[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="the folder to make it in, empty or missing")
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--extras", default="server,redis,otel,uvloop")
    parser.add_argument("--requirements", default="", help="of the app, separated by spaces")
    parser.add_argument("--app", type=Path, required=True)
    return parser.parse_args(list(words))


def main() -> int:
    """Make it as the command line says; gives the exit code."""
    told = _arguments(sys.argv[1:])
    os.umask(0o022)
    try:
        make_root(told.root, told.wheel, told.extras, told.requirements.split(), told.app)
    except RootError as error:
        sys.stderr.write(f"rootfs: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
