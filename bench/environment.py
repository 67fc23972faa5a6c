"""The bench's own virtual environment: this project, as it is, and the peers at their versions.

What is compared stays out of the environment that the project is developed in.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent
CACHE: Final = REPOSITORY / ".cache" / "bench"
REQUIREMENTS: Final = REPOSITORY / "bench" / "requirements.txt"
INSTALL_TIMEOUT_SECONDS: Final = 900
MUST_AGREE: Final = ("grpcio", "protobuf", "mcp", "mcp-types", "pydantic", "orjson")
"""What weighs on the figures has the version that the project is developed and tested with."""


class NotInstalledError(Exception):
    """The environment could not be made; the message says why, in one line."""


def python() -> Path:
    """The interpreter of the environment, which is made anew when what it is made from changed.

    Raises:
        NotInstalledError: something could not be installed.
    """
    directory = CACHE / "venv"
    interpreter, made_from = directory / "bin" / "python", directory / "made-from"
    inputs = _inputs()
    if not made_from.exists() or made_from.read_text(encoding="utf-8") != inputs:
        sys.stdout.write("bench: installing what is compared ...\n")
        sys.stdout.flush()
        venv.create(directory, clear=True, symlinks=True)
        _install(interpreter)
        made_from.write_text(inputs, encoding="utf-8")
    return interpreter


def _inputs() -> str:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needs = project["dependencies"], extras["server"], extras["otel"]
    requirements = REQUIREMENTS.read_text(encoding="utf-8")
    return f"{sys.version}\n{_agreeing()}\n{needs}\n{requirements}"


def _agreeing() -> list[str]:
    return [f"{name}=={importlib.metadata.version(name)}" for name in MUST_AGREE]


def _install(interpreter: Path) -> None:
    wanted = ["-e", f"{REPOSITORY}[server,otel]", *_agreeing(), "-r", str(REQUIREMENTS)]
    pip = [sys.executable, "-m", "pip", f"--python={interpreter}", "install", "--quiet"]
    commands = [[*pip, *wanted]]
    # uv installs in a fifth of the time; where it cannot, pip does.
    if uv := shutil.which("uv", path=str(Path(sys.executable).parent)):
        commands.insert(0, [uv, "pip", "install", "--quiet", "--python", str(interpreter), *wanted])
    if not any(_succeeds(command) for command in commands):
        raise NotInstalledError("what is compared could not be installed; see above")


def _succeeds(command: list[str]) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - pip's and uv's own command line, with our words
            command, cwd=REPOSITORY, timeout=INSTALL_TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotInstalledError(f"not installed within {INSTALL_TIMEOUT_SECONDS} s") from None
    return done.returncode == 0
