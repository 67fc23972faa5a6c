"""A folder for the files of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.running import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """Where the blocks of one document run."""
    return Workshop(tmp_path)
