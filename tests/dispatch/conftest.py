"""Shows what differs when the two sides do."""

import pytest

pytest.register_assert_rewrite("tests.dispatch.sides")
