"""`mcpgrpc read` and `mcpgrpc prompt`: the text of a resource or of a prompt.

It answers no questions of the server; only `mcpgrpc call` does.
"""

from __future__ import annotations

from typing import Annotated

import typer

from mcpgrpc.cli.address import AddressWord, address_and_last, address_and_name
from mcpgrpc.cli.arguments import split_words
from mcpgrpc.cli.connection import ask
from mcpgrpc.cli.failures import MisuseError
from mcpgrpc.cli.inputs import check_complete
from mcpgrpc.cli.options import CommonOptions
from mcpgrpc.cli.render import prompt_messages, resource_contents
from mcpgrpc.cli.terminal import write, write_json
from mcpgrpc.cli.words import add_command


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (read, prompt):
        add_command(app, command)


def read(
    first: AddressWord = None,
    second: Annotated[
        str | None, typer.Argument(metavar="URI", help="The resource; `mcpgrpc resources` lists.")
    ] = None,
    *,
    options: CommonOptions,
) -> None:
    """Read a resource."""
    address, uri = address_and_last((first, second), "URI")
    result = ask(address, options, lambda client: client.read_resource(uri))
    check_complete(result.raw, uri)
    if options.wants_json:
        write_json(result.raw)
    else:
        write(resource_contents(result))


def prompt(
    first: AddressWord = None,
    second: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The prompt; `mcpgrpc prompts` lists.")
    ] = None,
    rest: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Arguments, always strings.")
    ] = None,
    *,
    options: CommonOptions,
) -> None:
    """Get a prompt, filled in with arguments."""
    address, name, pairs = address_and_name((first, second, *(rest or ())), "NAME")
    # A prompt's arguments are strings by definition: there is no type to look up.
    given = split_words(pairs)
    if odd := [word.key for word in given if word.is_json]:
        raise MisuseError(f"{odd[0]}:= is for JSON; the arguments of a prompt are strings")
    arguments = {word.key: word.text for word in given}
    result = ask(address, options, lambda client: client.get_prompt(name, arguments))
    check_complete(result.raw, name)
    if options.wants_json:
        write_json(result.raw)
    else:
        write(prompt_messages(result))
