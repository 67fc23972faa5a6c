"""Listings as a table: drawn by rich on a terminal, in plain aligned columns elsewhere.

It is not JSON output, and it knows nothing of what the rows mean.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from mcpgrpc.cli.terminal import one_line, write

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the names of the columns and the rows, all plain text from anywhere."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def show(table: Table) -> None:
    """Writes a table to standard output."""
    if sys.stdout.isatty():
        _draw(table)
    else:
        write(plain(table))


def plain(table: Table) -> str:
    """A header and one line for each row, in columns that only the last one may overrun."""
    rows = [tuple(column.upper() for column in table.columns)]
    rows += [tuple(one_line(cell) for cell in row) for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (
        _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in padded)


def _draw(table: Table) -> None:
    # rich costs 50 ms to import, which only those who look at a table pay.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(title=Text(one_line(table.title)), box=SIMPLE_HEAD, title_justify="left")
    for index, column in enumerate(table.columns):
        drawn.add_column(column, style="bold" if index == 0 else "", overflow="fold")
    for row in table.rows:
        # Text, not str: what a server sends is never read as rich's markup.
        drawn.add_row(*(Text(one_line(cell)) for cell in row))
    Console().print(drawn)
