"""`mcpgrpc tools`, `resources` and `prompts`: what a server offers.

It calls none of what it lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from mcpgrpc.cli.address import AddressWord, only_address
from mcpgrpc.cli.connection import ask, listed
from mcpgrpc.cli.options import CommonOptions
from mcpgrpc.cli.schema import signature
from mcpgrpc.cli.tables import Table, show
from mcpgrpc.cli.terminal import write_error, write_json
from mcpgrpc.cli.words import add_command

if TYPE_CHECKING:
    from mcpgrpc.client import Client
    from mcpgrpc.client.results import Prompt, Resource, ResourceTemplate, Tool


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (tools, resources, prompts):
        add_command(app, command)


def tools(address: AddressWord = None, *, options: CommonOptions) -> None:
    """List the tools of a server, with their arguments."""
    where = only_address(address)
    found = ask(where, options, lambda client: listed(client.list_tools())) or []
    rows = [tool_row(tool) for tool in found]
    table = Table(f"Tools of {where}", ("Tool", "Arguments", "Description"), rows)
    _show(table, {"tools": [tool.raw for tool in found]}, options)


def resources(address: AddressWord = None, *, options: CommonOptions) -> None:
    """List the resources and resource templates of a server."""

    async def both(client: Client) -> tuple[list[Resource], list[ResourceTemplate]]:
        resources = await listed(client.list_resources())
        return resources or [], await listed(client.list_resource_templates()) or []

    where = only_address(address)
    found, templates = ask(where, options, both)
    rows = [resource_row(each) for each in found] + [template_row(each) for each in templates]
    table = Table(f"Resources of {where}", ("URI", "Type", "Size", "Description"), rows)
    raw = {
        "resources": [each.raw for each in found],
        "resourceTemplates": [each.raw for each in templates],
    }
    _show(table, raw, options)


def prompts(address: AddressWord = None, *, options: CommonOptions) -> None:
    """List the prompts of a server, with their arguments."""
    where = only_address(address)
    found = ask(where, options, lambda client: listed(client.list_prompts())) or []
    rows = [prompt_row(prompt) for prompt in found]
    table = Table(f"Prompts of {where}", ("Prompt", "Arguments", "Description"), rows)
    _show(table, {"prompts": [prompt.raw for prompt in found]}, options)


def tool_row(tool: Tool) -> tuple[str, ...]:
    """Name, arguments, description."""
    return tool.name, signature(tool.input_schema), tool.description or tool.title or ""


def resource_row(resource: Resource) -> tuple[str, ...]:
    """URI, media type, size in bytes, description."""
    size = "" if resource.size is None else str(resource.size)
    words = resource.description or resource.title or resource.name
    return resource.uri, resource.mime_type or "", size, words


def template_row(template: ResourceTemplate) -> tuple[str, ...]:
    """As a resource's, whose size nobody knows."""
    words = template.description or template.title or template.name
    return template.uri_template, template.mime_type or "", "", words


def prompt_row(prompt: Prompt) -> tuple[str, ...]:
    """Name, arguments, description."""
    arguments = (f"{each.name}{'' if each.required else '?'}" for each in prompt.arguments)
    return prompt.name, ", ".join(arguments), prompt.description or prompt.title or ""


def _show(table: Table, raw: dict[str, Any], options: CommonOptions) -> None:
    if options.wants_json:
        write_json(raw)
    elif table.rows:
        show(table)
    else:
        write_error(f"{table.title}: none")
