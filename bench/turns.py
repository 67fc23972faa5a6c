"""Runs a case: every contender its block in turn, repeat by repeat, and what fails is told.

A contender that fails is left out of the rest of its case; the others go on.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from bench.processes import ProcessError
from bench.results import CaseResult, Figures, ScenarioResult
from bench.spread import in_turn
from bench.workshop import Line, Running, Workshop


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of work by several contenders.

    Attributes:
        name: unique in its scenario.
        title: for people.
        work: its name and options, as `bench.client.works.work_of` takes them.
        at_once: how many callers.
        contenders: who does it, by name.
        pairs: whose ratios are told.
        beside: work that runs in the same client beside the timed one.
        quick: whether the quick form has it.
        repeats: more than the scale's, where small differences matter; 0 for the scale's.
        block_factor: how much longer than the scale's a block is.
    """

    name: str
    title: str
    work: dict[str, Any]
    at_once: int
    contenders: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    beside: dict[str, Any] | None = None
    quick: bool = True
    repeats: int = 0
    block_factor: float = 1.0

    def command(self, seconds: float, running: Running) -> dict[str, Any]:
        """What a client is told."""
        command = {
            "work": self.work,
            "at_once": self.at_once,
            "seconds": seconds,
            "server_pid": running.server.pid,
        }
        return command if self.beside is None else {**command, "beside": self.beside}


@dataclass(frozen=True, slots=True)
class Turns:
    """The cases of one scenario, with every contender up from the first to the last.

    Attributes:
        workshop: where it runs.
        result: where figures and failures go as they come, so that what was measured stays.
    """

    workshop: Workshop
    result: ScenarioResult

    async def run(self, cases: list[Case]) -> None:
        """Run the cases, one after the other."""
        async with AsyncExitStack() as stack:
            line = Line(self.workshop, stack)
            async with asyncio.TaskGroup() as group:
                for name in dict.fromkeys(name for case in cases for name in case.contenders):
                    group.create_task(self._start(line, name))
            for case in cases:
                await self._run(case, line)

    async def _start(self, line: Line, name: str) -> None:
        try:
            await line.start(name)
        except ProcessError as error:
            self.result.failures.append(f"{name} did not come up: {error}")

    async def _run(self, case: Case, line: Line) -> None:
        for name in case.contenders:
            # One that broke in the case before has its chance in this one.
            if name in line.running and line.running[name].client.has_ended:
                await self._start(line, name)
        present = {name: line.running[name] for name in case.contenders if name in line.running}
        repeats: dict[str, list[Figures | None]] = {name: [] for name in present}
        self.result.cases.append(CaseResult(case.name, case.title, repeats, list(case.pairs)))
        scale = self.workshop.scale
        for name in list(present):
            if await self._block(case, name, present, scale.warm_seconds) is None:
                del present[name]
        repeats_wanted = max(case.repeats, scale.repeats) if scale.is_thorough else scale.repeats
        for repeat in range(repeats_wanted):
            for name in in_turn(list(present), repeat):
                seconds = scale.block_seconds * case.block_factor
                figures = await self._block(case, name, present, seconds)
                repeats[name].append(figures)
                if figures is None:
                    del present[name]

    async def _block(
        self, case: Case, name: str, present: dict[str, Running], seconds: float
    ) -> Figures | None:
        running = present[name]
        try:
            return await running.client.ask(case.command(seconds, running), seconds)
        except ProcessError as error:
            self.result.failures.append(f"{name}, {case.title}: {error}")
            return None
