"""Shows what differs when the two sides do, in text that a report can carry."""

from collections.abc import Generator

import pytest

pytest.register_assert_rewrite("tests.dispatch.sides")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Some requests hold lone surrogates, which the SDK logs, and no other process can be sent."""
    report = yield
    report.sections = [(name, _encodable(text)) for name, text in report.sections]
    return report


def _encodable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
