"""An app whose tools make spans of their own, and every way to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tracing.collected import Collected, collecting


@pytest.fixture
def spans() -> Iterator[Collected]:
    """The spans of this test alone."""
    with collecting() as collected:
        yield collected
