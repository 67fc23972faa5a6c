"""The servers and Sessions of `tests/wire`, for what becomes of them with time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.lifecycle.process import Processes
from tests.wire.conftest import calls as calls
from tests.wire.conftest import opened as opened
from tests.wire.conftest import probe as probe
from tests.wire.conftest import serve as serve


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    """Starts servers in processes of their own, and ends them."""
    async with Processes(tmp_path) as started:
        yield started
