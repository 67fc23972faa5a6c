"""`mcpgrpc doctor`: looks at everything between here and a server, and says how to mend it.

What it looks at is `mcpgrpc.doctor`'s; this is its words on a terminal and its exit code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mcpgrpc.cli.address import AddressWord, only_address
from mcpgrpc.cli.connection import credential, run, security
from mcpgrpc.cli.failures import ReportedError
from mcpgrpc.cli.options import CommonOptions
from mcpgrpc.cli.terminal import one_line, write, write_json
from mcpgrpc.cli.words import add_command

if TYPE_CHECKING:
    from mcpgrpc.doctor import Finding

MAX_STEP_SECONDS = 5.0
"""A person waits; what takes longer is a finding."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    add_command(app, doctor)


def doctor(address: AddressWord = None, *, options: CommonOptions) -> None:
    """Look for what is wrong between here and a server; exit code 1 if anything failed."""
    run(_examined(only_address(address), options))


async def _examined(address: str, options: CommonOptions) -> None:
    from mcpgrpc.doctor import Level, examine

    timeout = min(options.timeout_seconds, MAX_STEP_SECONDS)
    findings: list[Finding] = []
    async for each in examine(
        address, security(options), credential(options), timeout_seconds=timeout
    ):
        findings.append(each)
        if not options.wants_json:
            write(_line(each))
    failed = any(each.level is Level.FAILED for each in findings)
    if options.wants_json:
        write_json({"ok": not failed, "findings": [each.as_json() for each in findings]})
    if failed:
        raise ReportedError


def _line(finding: Finding) -> str:
    line = f"{finding.level.value:8} {finding.check:15} {one_line(finding.found)}"
    return f"{line}\n{'':8} {'':15} → {one_line(finding.advice)}" if finding.advice else line
