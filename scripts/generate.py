"""Generates the Python stubs from `proto/` into `clients/python/mcpgrpc/v1/`.

It does not format or repair what the generators write: what is committed is what they produce, so
that `make check` can delete, regenerate and compare.
"""

from __future__ import annotations

import argparse
import filecmp
import importlib.resources
import shutil
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
PACKAGE = Path("mcpgrpc") / "v1"
STUBS = ROOT / "clients" / "python" / PACKAGE
PACKAGE_DOCSTRING = '"""Generated messages and stubs of mcpgrpc.v1; not edited by hand."""\n'


def generate_into(directory: Path) -> None:
    """Write every stub below `directory`, which exists and is empty."""
    sources = sorted(str(path.relative_to(PROTO)) for path in (PROTO / PACKAGE).glob("*.proto"))
    services = [source for source in sources if source.endswith("_service.proto")]
    well_known = importlib.resources.files("grpc_tools") / "_proto"
    common = ["protoc", f"-I{PROTO}", f"-I{well_known}"]
    plugin = f"--plugin=protoc-gen-mypy_grpc={Path(sys.executable).parent / 'protoc-gen-mypy_grpc'}"
    runs = (
        [*common, f"--python_out={directory}", f"--pyi_out={directory}", *sources],
        [*common, f"--grpc_python_out={directory}", *services],
        [*common, plugin, f"--mypy_grpc_out={directory}", *services],
    )
    for arguments in runs:
        if protoc.main(arguments) != 0:
            sys.exit(f"protoc failed: {' '.join(arguments)}")
    (directory / PACKAGE / "__init__.py").write_text(PACKAGE_DOCSTRING)


def differences(fresh: Path) -> list[str]:
    """Names of the files in which the committed stubs differ from the ones in `fresh`."""
    names = {path.name for folder in (fresh, STUBS) for path in folder.glob("*.py*")}
    _, mismatched, missing = filecmp.cmpfiles(fresh, STUBS, sorted(names), shallow=False)
    return sorted([*mismatched, *missing])


def main() -> None:
    """Generate, or with --check compare what would be generated with what is committed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        generate_into(Path(scratch))
        fresh = Path(scratch) / PACKAGE
        if not arguments.check:
            shutil.rmtree(STUBS, ignore_errors=True)
            shutil.copytree(fresh, STUBS)
        elif stale := differences(fresh):
            sys.exit(f"generated code is out of date ({', '.join(stale)}): run `make generate`")


if __name__ == "__main__":
    main()
