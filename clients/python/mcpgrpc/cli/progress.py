"""A progress bar on standard error while a tool runs.

It is not shown where standard error is no terminal, and then no progress is asked for either.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcpgrpc.cli.terminal import one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Report = Callable[[float, float | None, str | None], None]
"""Takes what has been done, of how much if that is known, and what is being done."""


@contextmanager
def progress_bar(label: str) -> Iterator[Report | None]:
    """Gives what a call reports its progress to; the bar comes with the first report and goes.

    None on anything but a terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(label)
    try:
        yield bar.report
    finally:
        bar.remove()


class _Bar:
    def __init__(self, label: str) -> None:
        self._label = one_line(label)
        self._shown: tuple[Progress, TaskID] | None = None

    def report(self, done: float, total: float | None, message: str | None) -> None:
        progress, task = self._shown or self._show()
        described = one_line(message) if isinstance(message, str) else self._label
        whole = total if isinstance(total, int | float) else None
        progress.update(task, completed=done, total=whole, description=described)

    def remove(self) -> None:
        if self._shown is not None:
            self._shown[0].stop()

    def _show(self) -> tuple[Progress, TaskID]:
        # Imported with the first report: most tools make none.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        description = TextColumn("{task.description}", markup=False)
        console = Console(stderr=True)
        progress = Progress(
            description, BarColumn(), TaskProgressColumn(), console=console, transient=True
        )
        progress.start()
        self._shown = progress, progress.add_task(self._label, total=None)
        return self._shown
