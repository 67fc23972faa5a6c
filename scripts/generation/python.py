"""Generates Python's part named mcpgrpc.v1: messages, stubs, their types, and the service config.

It does not generate the package around them, which is written by hand.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from generation import protoc

NAME: Final = "python"
OUTPUT: Final = Path("clients") / "python" / protoc.PACKAGE

PACKAGE_DOCSTRING: Final = '"""Generated messages and stubs of mcpgrpc.v1; not edited by hand."""\n'


def missing() -> str | None:
    """Nothing ever: this runs in the environment that has it all."""
    return None


def generate(into: Path) -> None:
    """Write every module into `into`, which exists and is empty."""
    plugin = Path(sys.executable).parent / "protoc-gen-mypy_grpc"
    with tempfile.TemporaryDirectory() as scratch:
        messages = [f"--python_out={scratch}", f"--pyi_out={scratch}"]
        types = [f"--plugin=protoc-gen-mypy_grpc={plugin}", f"--mypy_grpc_out={scratch}"]
        protoc.run(messages, protoc.sources())
        protoc.run([f"--grpc_python_out={scratch}"], protoc.services())
        protoc.run(types, protoc.services())
        shutil.copytree(Path(scratch) / protoc.PACKAGE, into, dirs_exist_ok=True)
    (into / "__init__.py").write_text(PACKAGE_DOCSTRING)
    shutil.copyfile(protoc.SERVICE_CONFIG, into / protoc.SERVICE_CONFIG.name)
