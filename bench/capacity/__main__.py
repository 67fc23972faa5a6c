"""`python -m bench.capacity`: each figure several times, in turn, as a table of Markdown.

It writes no document. `--quick` puts less on the replica, to see that it works.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.capacity import figures
from bench.capacity.figures import FULL, QUICK, Measure, Size
from bench.capacity.replica import replica
from bench.client.__main__ import raise_file_limit
from bench.machine import about_run
from bench.process_figures import pin, usable_cpus
from bench.processes import REPOSITORY, Pinning
from bench.spread import Spread

REPEATS: Final = 5
LIMIT_SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    Attributes:
        name: how it is chosen on the command line.
        title: what it says, with the members of `Size` in braces.
        unit: of the figure.
        measure: takes it.
    """

    name: str
    title: str
    unit: str
    measure: Measure


ROWS: Final = (
    Row("idle", "memory of an idle Session, of {streams:,}", "KB", figures.idle_stream_kb),
    Row("opening", "CPU of opening a Session, of {streams:,}", "ms", figures.opening_ms),
    Row(
        "in-flight",
        "memory of a request in flight, of {in_flight:,}",
        "KB",
        figures.in_flight_kb,
    ),
    Row("session", "CPU of a call on a Session, 16 at once", "µs", figures.session_call_us),
    Row("alone", "CPU of a call on a Session, 1 at once", "µs", figures.lone_session_call_us),
    Row("call", "CPU of a Call RPC, 16 at once", "µs", figures.unary_call_us),
    Row(
        "told",
        "CPU of telling a change to one listener, of {listeners:,}",
        "µs",
        figures.told_us,
    ),
    Row(
        "drain",
        "from SIGTERM to the end, with {streams:,} idle Sessions",
        "s",
        figures.drain_seconds,
    ),
    Row("look-up", "CPU of a client's look-up of a name", "µs", figures.look_up_us),
)


async def take(row: Row, size: Size, pinning: Pinning) -> float:
    """One figure, of a fresh replica."""
    with tempfile.TemporaryDirectory() as folder:
        async with asyncio.timeout(LIMIT_SECONDS), replica(Path(folder), pinning) as server:
            return await row.measure(server, size)


async def run(rows: list[Row], size: Size, repeats: int, pinning: Pinning) -> None:
    """Take every figure so often, in turn, and write the table."""
    values: dict[str, list[float]] = {row.name: [] for row in rows}
    for repeat in range(1, repeats + 1):
        for row in rows:
            sys.stderr.write(f"{repeat}/{repeats} {row.name}\n")
            values[row.name].append(await take(row, size, pinning))
    sys.stdout.write("| What | median | lowest to highest |\n|---|---|---|\n")
    for row in rows:
        spread = Spread.of(values[row.name])
        title = row.title.format_map({name: getattr(size, name) for name in size.__slots__})
        sys.stdout.write(
            f"| {title} | {spread.median:.3g} {row.unit} | {spread.low:.3g}–{spread.high:.3g} |\n"
        )


def main() -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="put a tenth on the replica, twice")
    parser.add_argument("--only", default="", help="names of figures, such as 'idle drain'")
    parser.add_argument("--repeats", type=int, default=0, help="of each figure")
    options = parser.parse_args()
    os.chdir(REPOSITORY)
    raise_file_limit()
    wanted = options.only.split()
    rows = [row for row in ROWS if not wanted or row.name in wanted]
    pinning = Pinning.of(usable_cpus())
    pin(pinning.client)
    size, repeats = (QUICK, 2) if options.quick else (FULL, REPEATS)
    repeats = options.repeats or repeats
    about = about_run("quick" if options.quick else "full", pinning)
    sys.stdout.write(f"{about['date']}, {about['machine']}, {about['pinning']}\n\n")
    asyncio.run(run(rows, size, repeats, pinning))


if __name__ == "__main__":
    main()
