"""`mcpgrpc bridge`: the stdio door, which desktop hosts start as an MCP server.

It writes nothing of its own to standard output, which belongs to the host.
"""

from __future__ import annotations

from typing import Annotated

import typer

from mcpgrpc.cli.connection import credential, run, security
from mcpgrpc.cli.log_options import FormatOption, LevelOption, RedactOption, log_as
from mcpgrpc.cli.options import CommonOptions
from mcpgrpc.cli.words import add_command
from mcpgrpc.targets import DEFAULT_TARGET


def register(app: typer.Typer) -> None:
    """Adds the command."""
    add_command(app, bridge)


def bridge(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="The server behind the door.")
    ] = DEFAULT_TARGET,
    log_level: LevelOption = "warning",
    log_format: FormatOption = "auto",
    log_redact: RedactOption = None,
    *,
    options: CommonOptions,
) -> None:
    """Be an MCP server on standard input and output, for hosts that start one."""
    from mcpgrpc.connection import ConnectionOptions
    from mcpgrpc.relay import stdio

    log_as(log_level, log_format, log_redact)
    connection = ConnectionOptions(
        target=address, security=security(options), token=credential(options)
    )
    run(stdio.bridge(connection))
