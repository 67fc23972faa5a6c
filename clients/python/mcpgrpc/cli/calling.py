"""`mcpgrpc call`: one tool, its typed arguments, its result.

It neither lays the result out (`render`) nor knows how a question is answered (`inputs`).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mcpgrpc.cli.address import FORMS, AddressWord, address_and_name
from mcpgrpc.cli.arguments import parse_arguments, parse_object, shorten, split_words
from mcpgrpc.cli.connection import ask, listed
from mcpgrpc.cli.failures import CommandError, MisuseError, ReportedError
from mcpgrpc.cli.inputs import answers, check_complete, parse_inputs
from mcpgrpc.cli.options import CommonOptions
from mcpgrpc.cli.progress import progress_bar
from mcpgrpc.cli.render import tool_result
from mcpgrpc.cli.schema import ANY, Schema
from mcpgrpc.cli.terminal import write, write_error, write_json
from mcpgrpc.cli.words import add_command

if TYPE_CHECKING:
    from mcpgrpc.client import Client
    from mcpgrpc.client.results import CallToolResult

_MAX_ROUNDS = 10
"""How often a tool may ask for input before the command gives up."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    add_command(app, call)


def call(
    first: AddressWord = None,
    second: Annotated[
        str | None, typer.Argument(metavar="TOOL", help="The tool; `mcpgrpc tools` lists.")
    ] = None,
    rest: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="Arguments, typed by the tool; KEY:=JSON."),
    ] = None,
    json_text: Annotated[
        str | None,
        typer.Option("--json", metavar="OBJECT", help="All arguments; no schema is asked for."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="KEY=JSON", help="Answers what the tool asks for."),
    ] = None,
    *,
    options: CommonOptions,
) -> None:
    """Call a tool."""
    address, tool, pairs = address_and_name((first, second, *(rest or ())), "TOOL")
    _check_words(first, tool, pairs, json_text)
    arguments = None if json_text is None else parse_object(json_text, "--json")
    result = _answered(_Call(address, options, tool, pairs, arguments), parse_inputs(inputs or []))
    if options.wants_json:
        write_json(result.raw)
    _report(result, options)


@dataclass(slots=True)
class _Call:
    """What is called; `arguments` are None until the tool's schema has been read."""

    address: str
    options: CommonOptions
    tool: str
    pairs: list[str]
    arguments: dict[str, Any] | None

    def run(self, responses: dict[str, Any] | None, state: str | None) -> CallToolResult:
        return ask(self.address, self.options, lambda client: self._once(client, responses, state))

    async def _once(
        self, client: Client, responses: dict[str, Any] | None, state: str | None
    ) -> CallToolResult:
        if self.arguments is None:
            schema = await self._schema(client)
            self.arguments = parse_arguments(self.pairs, schema, self.tool)
        with progress_bar(self.tool) as report:
            return await client.call_tool(
                self.tool,
                self.arguments,
                on_progress=report,
                input_responses=responses,
                request_state=state,
            )

    async def _schema(self, client: Client) -> Schema:
        tools = await listed(client.list_tools())
        if tools is None:
            return ANY
        known = {tool.name: tool.input_schema for tool in tools}
        if self.tool in known:
            return known[self.tool]
        close = difflib.get_close_matches(self.tool, known)
        guess = f"; did you mean {' or '.join(close)}?" if close else ""
        where = f"mcpgrpc tools {self.address} lists them"
        raise CommandError(f"{self.address} has no tool {self.tool!r}{guess} ({where})")


def _answered(call: _Call, given: dict[str, Any]) -> CallToolResult:
    """The result, after as many rounds of questions as the tool has and may have."""
    result = call.run(None, None)
    for _ in range(_MAX_ROUNDS):
        if result.result_type != "input_required":
            check_complete(result.raw, call.tool)
            return result
        # Each round is a connection of its own: a person may take longer than one should be idle.
        responses = answers(call.tool, result, given, call.options)
        result = call.run(responses, result.request_state)
    raise CommandError(f"{call.tool} still asks for input after {_MAX_ROUNDS} rounds")


def _report(result: CallToolResult, options: CommonOptions) -> None:
    if not options.wants_json:
        text = tool_result(result)
        (write_error if result.is_error else write)(text)
    if result.is_error:
        raise ReportedError


def _check_words(first: str | None, tool: str, pairs: list[str], json_text: str | None) -> None:
    if "=" in tool:
        raise MisuseError(f"no TOOL before {shorten(tool)}")
    if pairs and json_text is not None:
        raise MisuseError("KEY=VALUE and --json are two ways to give the arguments: use one")
    if pairs and "=" not in pairs[0] and first == tool:
        raise MisuseError(
            f"{first!r} is not an address ({FORMS}), and {pairs[0]!r} is not KEY=VALUE"
        )
    split_words(pairs)
