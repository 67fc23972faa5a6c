"""`mcpgrpc request`: any method of the protocol, with the parameters as they are given.

It interprets neither: what goes in and what comes out is JSON.
"""

from __future__ import annotations

from typing import Annotated

import typer

from mcpgrpc.cli.address import AddressWord, address_and_last
from mcpgrpc.cli.arguments import parse_object
from mcpgrpc.cli.connection import ask
from mcpgrpc.cli.options import CommonOptions
from mcpgrpc.cli.terminal import write_json
from mcpgrpc.cli.words import add_command


def register(app: typer.Typer) -> None:
    """Adds the command."""
    add_command(app, request)


def request(
    first: AddressWord = None,
    second: Annotated[
        str | None, typer.Argument(metavar="METHOD", help="Such as tools/list.")
    ] = None,
    json_text: Annotated[
        str | None, typer.Option("--json", metavar="OBJECT", help="The parameters.")
    ] = None,
    *,
    options: CommonOptions,
) -> None:
    """Send a request of any method and show its result as JSON."""
    address, method = address_and_last((first, second), "METHOD")
    params = None if json_text is None else parse_object(json_text, "--json")
    write_json(ask(address, options, lambda client: client.request(method, params)))
