"""Loads each example from its file, as a server started with that file would.

Their folder is on the import path meanwhile, since an example may import the file beside it.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

Load = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def load_example() -> Iterator[Load]:
    """A fresh module for every call, so that no test sees another's state."""
    loaded: list[str] = []
    sys.path.insert(0, str(EXAMPLES))

    def load(name: str) -> ModuleType:
        specification = importlib.util.spec_from_file_location(
            f"example_{name}_{len(loaded)}", EXAMPLES / f"{name}.py"
        )
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        # Dataclasses and pydantic look their module up while it is still being executed.
        sys.modules[specification.name] = module
        loaded.append(specification.name)
        specification.loader.exec_module(module)
        return module

    yield load
    sys.path.remove(str(EXAMPLES))
    for name in loaded:
        sys.modules.pop(name, None)


@pytest.fixture(params=["legacy", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    """How the client negotiates: the older era's handshake, or the newer era."""
    return str(request.param)
