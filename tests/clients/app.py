"""The app that every language's tests talk to, written for the SDK's low-level `Server`.

What its tools do stands in `tools`; which servers it is served by, in `server`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from mcp import MCPError, types
from mcp.server import Server
from mcp.server.subscriptions import ListenHandler

from tests.clients.tools import EVERY_BYTE, EXAMPLE_URI, ICON, Ctx, Result, Shared, Tool

PAGE_SIZE: Final = 10
PIXEL_URI: Final = "file:///pixel.bin"
PAGES: Final = 25
LANGUAGES: Final = ("go", "java", "python", "rust", "typescript")
INSTRUCTIONS: Final = "Call `add`."
OBJECT: Final[dict[str, Any]] = {"type": "object"}
NUMBERS: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
SUM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"result": {"type": "integer"}},
    "required": ["result"],
}

Item = TypeVar("Item")


class App:
    """The handlers; `server` is what is served.

    Args:
        tools: by their names, in the order of their listing.
        shared: with the other servers.
    """

    def __init__(self, tools: Mapping[str, Tool], shared: Shared) -> None:
        self._tools = tools
        self.server: Server[Any] = Server(
            "clients",
            version="1.2.3",
            title="Clients",
            instructions=INSTRUCTIONS,
            icons=[ICON],
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            on_completion=self._complete,
            on_subscriptions_listen=ListenHandler(shared.bus),
        )

    async def _list_tools(
        self, ctx: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        names, cursor = page("tools", list(self._tools), params)
        return types.ListToolsResult(tools=[tool(name) for name in names], next_cursor=cursor)

    async def _call_tool(self, ctx: Ctx, params: types.CallToolRequestParams) -> Result:
        named = self._tools.get(params.name)
        if named is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}")
        try:
            return await named(ctx, dict(params.arguments or {}), params)
        except KeyError as error:
            raise MCPError(types.INVALID_PARAMS, f"{params.name} needs {error}") from None

    async def _list_resources(
        self, ctx: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        listed, cursor = page("resources", resources(), params)
        return types.ListResourcesResult(resources=listed, next_cursor=cursor)

    async def _list_templates(
        self, ctx: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            uri_template="file:///{name}", name="file", title="File", description="A file by name."
        )
        listed, cursor = page("templates", [template], params)
        return types.ListResourceTemplatesResult(resource_templates=listed, next_cursor=cursor)

    async def _read_resource(
        self, ctx: Ctx, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        contents: types.TextResourceContents | types.BlobResourceContents
        if uri == PIXEL_URI:
            blob = base64.b64encode(EVERY_BYTE).decode()
            contents = types.BlobResourceContents(
                uri=uri, blob=blob, mime_type="application/octet-stream"
            )
        elif uri in {str(each.uri) for each in resources()}:
            text = "A line.\n" if uri == EXAMPLE_URI else f"{uri}\n"
            contents = types.TextResourceContents(uri=uri, text=text, mime_type="text/plain")
        else:
            raise MCPError(types.INVALID_PARAMS, f"Unknown resource: {uri}", {"uri": uri})
        return types.ReadResourceResult(contents=[contents])

    async def _list_prompts(
        self, ctx: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        code = types.PromptArgument(name="code", description="What to review.", required=True)
        review = types.Prompt(
            name="review", title="Review", description="Review code.", arguments=[code]
        )
        listed, cursor = page("prompts", [review], params)
        return types.ListPromptsResult(prompts=listed, next_cursor=cursor)

    async def _get_prompt(
        self, ctx: Ctx, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        arguments = params.arguments or {}
        if params.name != "review" or "code" not in arguments:
            raise MCPError(types.INVALID_PARAMS, f"Unknown prompt, or no code: {params.name}")
        text = types.TextContent(text=f"Review this:\n{arguments['code']}")
        message = types.PromptMessage(role="user", content=text)
        return types.GetPromptResult(description="Review code.", messages=[message])

    async def _complete(
        self, ctx: Ctx, params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        found = [name for name in LANGUAGES if name.startswith(params.argument.value)]
        completion = types.Completion(values=found, total=len(found), has_more=False)
        return types.CompleteResult(completion=completion)


def page(
    listing: str, items: list[Item], params: types.PaginatedRequestParams | None
) -> tuple[list[Item], str | None]:
    """A page, and the cursor of the next one: `LISTING:START`, which no other listing takes.

    Raises:
        MCPError: the cursor is none of this listing.
    """
    cursor = params.cursor if params is not None else None
    starts = {None: 0} | {f"{listing}:{at}": at for at in range(PAGE_SIZE, len(items), PAGE_SIZE)}
    if cursor not in starts:
        raise MCPError(types.INVALID_PARAMS, f"Unknown cursor: {cursor!r}")
    end = starts[cursor] + PAGE_SIZE
    return items[starts[cursor] : end], f"{listing}:{end}" if end < len(items) else None


def resources() -> list[types.Resource]:
    """Every resource."""
    pages = [f"page_{number:02}" for number in range(PAGES)]
    return [
        types.Resource(
            uri=EXAMPLE_URI, name="example.txt", title="Example", mime_type="text/plain", size=8
        ),
        types.Resource(uri=PIXEL_URI, name="pixel.bin", mime_type="application/octet-stream"),
        *(types.Resource(uri=f"file:///{name}", name=name) for name in pages),
    ]


def tool(name: str) -> types.Tool:
    """How a tool is listed; `add` says everything that a tool can say."""
    if name != "add":
        return types.Tool(name=name, input_schema=OBJECT)
    return types.Tool(
        name=name,
        title="Add",
        description="Adds two numbers.",
        input_schema=NUMBERS,
        output_schema=SUM,
        annotations=types.ToolAnnotations(title="Add two numbers", read_only_hint=True),
        icons=[ICON],
        _meta={"com.example/kind": "arithmetic"},
    )
