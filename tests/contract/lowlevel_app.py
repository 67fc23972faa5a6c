"""The contract's app, written for the low-level `Server`."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from mcp import MCPError, types
from mcp.server import Server, ServerRequestContext
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourceUpdated,
    ToolsListChanged,
)

from tests.contract import features
from tests.contract.features import CITIES, EVERY_BYTE, INTERNALS, NOTES_URI, Tools, said
from tests.contract.journal import Journal

Ctx: TypeAlias = ServerRequestContext[Any]
ToolResult: TypeAlias = types.CallToolResult | types.InputRequiredResult
PAGE_SIZE = 5
OBJECT: dict[str, Any] = {"type": "object"}
NUMBERS: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
SEATS_FORM: Any = {
    "type": "object",
    "properties": {"seats": {"type": "integer"}},
    "required": ["seats"],
}


class LowLevelApp:
    """The handlers of the app; `server` is what is served."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tools = Tools(journal)
        self._bus = InMemorySubscriptionBus()
        self.listening = ListenHandler(self._bus)
        self.server: Server[Any] = Server(
            "contract",
            version="1.2.3",
            instructions="Call anything.",
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            on_completion=self._complete,
            on_subscribe_resource=self._subscribe,
            on_unsubscribe_resource=self._unsubscribe,
            on_set_logging_level=self._set_level,
            on_subscriptions_listen=self.listening,
        )
        self.server.add_request_handler(
            features.EXTENSION_METHOD, features.JobParams, features.run_job
        )
        self._by_name = self._named_tools()

    def _named_tools(self) -> dict[str, Callable[[Ctx, Any], Awaitable[ToolResult]]]:
        tools = self._tools
        return {
            "add": self._add,
            "echo": lambda _, args: tools.echo(args["value"]),
            "contents": lambda _, args: tools.contents(),
            "meta": lambda ctx, args: tools.meta(ctx.meta),
            "steps": lambda ctx, args: tools.steps(ctx.session, args["total"]),
            "log": lambda ctx, args: tools.log(ctx.session, ctx.request_id, args["text"]),
            "refuse": lambda _, args: tools.refuse(),
            "wait": lambda _, args: tools.wait(),
            "hold": lambda _, args: tools.hold(args["number"], args["together"]),
            "large": lambda _, args: tools.large(args["megabytes"]),
            "fail": self._fail,
            "crash": self._crash,
            "announce": self._announce,
            "book": self._book,
            "compose": self._compose,
            "roots": self._roots,
            "ping_client": lambda ctx, args: tools.ping_client(ctx.session),
            "ask_patiently": lambda ctx, args: tools.ask_patiently(ctx.session, ctx.request_id),
            "ask_impatiently": lambda ctx, args: tools.ask_impatiently(ctx.session),
        }

    async def _list_tools(
        self, ctx: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        names = list(self._by_name)
        start = _start_of(params, len(names))
        listed = [self._tool(name) for name in names[start : start + PAGE_SIZE]]
        end = start + PAGE_SIZE
        cursor = f"from={end}&é" if end < len(names) else None
        return types.ListToolsResult(tools=listed, next_cursor=cursor)

    @staticmethod
    def _tool(name: str) -> types.Tool:
        if name != "add":
            return types.Tool(name=name, input_schema=OBJECT)
        result = {"type": "object", "properties": {"result": {"type": "integer"}}}
        return types.Tool(
            name="add",
            title="Add",
            description="Add two numbers.",
            input_schema=NUMBERS,
            output_schema=result,
            annotations=types.ToolAnnotations(read_only_hint=True),
        )

    async def _call_tool(self, ctx: Ctx, params: types.CallToolRequestParams) -> ToolResult:
        tool = self._by_name.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}")
        arguments = dict(params.arguments or {})
        arguments["__params"] = params
        return await tool(ctx, arguments)

    async def _add(self, ctx: Ctx, args: Any) -> ToolResult:
        total = args["a"] + args["b"]
        return said(str(total), {"result": total})

    async def _fail(self, ctx: Ctx, args: Any) -> ToolResult:
        text: list[types.ContentBlock] = [types.TextContent(text=f"failed because {args['why']}")]
        return types.CallToolResult(content=text, is_error=True)

    async def _crash(self, ctx: Ctx, args: Any) -> ToolResult:
        raise RuntimeError(INTERNALS)

    async def _announce(self, ctx: Ctx, args: Any) -> ToolResult:
        await self._bus.publish(ToolsListChanged())
        await self._bus.publish(ResourceUpdated(uri=NOTES_URI))
        await ctx.session.send_tool_list_changed()
        await ctx.session.send_resource_updated(NOTES_URI)
        return said("announced")

    async def _book(self, ctx: Ctx, args: Any) -> ToolResult:
        message = f"Seats to {args['city']}?"
        if ctx.session.can_send_request:
            answer = await ctx.session.elicit_form(message, SEATS_FORM, ctx.request_id)
        else:
            form = types.ElicitRequestFormParams(message=message, requested_schema=SEATS_FORM)
            found = _input(args, types.ElicitRequest(params=form), types.ElicitResult)
            if isinstance(found, types.InputRequiredResult):
                return found
            answer = found
        if answer.action != "accept" or answer.content is None:
            return said(f"not booked: {answer.action}")
        return said(f"{answer.content['seats']} seats to {args['city']}")

    async def _compose(self, ctx: Ctx, args: Any) -> ToolResult:
        asked = features.sampling(args["topic"])
        if ctx.session.can_send_request:
            line = await ctx.session.create_message(
                asked.messages, max_tokens=asked.max_tokens, related_request_id=ctx.request_id
            )
            return said(features.text_of(line))
        found = _input(args, types.CreateMessageRequest(params=asked), types.CreateMessageResult)
        return found if isinstance(found, types.InputRequiredResult) else said(_text(found))

    async def _roots(self, ctx: Ctx, args: Any) -> ToolResult:
        found: Any
        if ctx.session.can_send_request:
            found = await ctx.session.list_roots()
        else:
            found = _input(args, types.ListRootsRequest(), types.ListRootsResult)
        if isinstance(found, types.InputRequiredResult):
            return found
        return said(", ".join(str(root.uri) for root in found.roots))

    async def _list_resources(
        self, ctx: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        names = ("text", "bytes", "notes", "broken")
        listed = [types.Resource(uri=f"contract://{name}", name=name) for name in names]
        return types.ListResourcesResult(resources=listed)

    async def _list_templates(
        self, ctx: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            uri_template="contract://city/{name}", name="city", mime_type="text/plain"
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def _read_resource(
        self, ctx: Ctx, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        contents: types.TextResourceContents | types.BlobResourceContents
        if uri == "contract://text":
            contents = types.TextResourceContents(uri=uri, text="A line.\n", mime_type="text/plain")
        elif uri == "contract://bytes":
            blob = base64.b64encode(EVERY_BYTE).decode()
            contents = types.BlobResourceContents(uri=uri, blob=blob)
        elif uri.startswith("contract://city/"):
            name = uri.removeprefix("contract://city/")
            contents = types.TextResourceContents(uri=uri, text=f"The city of {name}.")
        elif uri == "contract://broken":
            raise RuntimeError(INTERNALS)
        else:
            raise MCPError(types.INVALID_PARAMS, f"Unknown resource: {uri}", {"uri": uri})
        return types.ReadResourceResult(contents=[contents])

    async def _list_prompts(
        self, ctx: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        arguments = [
            types.PromptArgument(name="city", required=True),
            types.PromptArgument(name="hours", required=False),
        ]
        plan = types.Prompt(
            name="plan", title="Plan", description="Plan a day.", arguments=arguments
        )
        return types.ListPromptsResult(prompts=[plan])

    async def _get_prompt(
        self, ctx: Ctx, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        if params.name != "plan":
            raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {params.name}")
        given = params.arguments or {}
        text = f"Plan {given.get('hours', '8')} hours in {given['city']}."
        message = types.PromptMessage(role="user", content=types.TextContent(text=text))
        return types.GetPromptResult(description="Plan a day.", messages=[message])

    async def _complete(
        self, ctx: Ctx, params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        context = params.context.arguments if params.context is not None else None
        self._journal.seen.append((params.ref.type, context))
        found = [name for name in CITIES if name.startswith(params.argument.value)]
        completion = types.Completion(values=found, total=len(found), has_more=False)
        return types.CompleteResult(completion=completion)

    async def _subscribe(self, ctx: Ctx, params: types.SubscribeRequestParams) -> types.EmptyResult:
        self._journal.seen.append(("subscribed", str(params.uri)))
        return types.EmptyResult()

    async def _unsubscribe(
        self, ctx: Ctx, params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        self._journal.seen.append(("unsubscribed", str(params.uri)))
        return types.EmptyResult()

    async def _set_level(self, ctx: Ctx, params: types.SetLevelRequestParams) -> types.EmptyResult:
        self._journal.seen.append(("level", params.level))
        return types.EmptyResult()


def _start_of(params: types.PaginatedRequestParams | None, total: int) -> int:
    if params is None or params.cursor is None:
        return 0
    for start in range(PAGE_SIZE, total, PAGE_SIZE):
        if params.cursor == f"from={start}&é":
            return start
    raise MCPError(types.INVALID_PARAMS, f"Unknown cursor: {params.cursor!r}")


def _input(args: Any, request: types.InputRequest, kind: type[Any]) -> Any:
    """The client's answer to a question, or the result that asks for it."""
    params: types.CallToolRequestParams = args["__params"]
    answer = (params.input_responses or {}).get("question")
    if isinstance(answer, kind) and params.request_state == "asked":
        return answer
    return types.InputRequiredResult(input_requests={"question": request}, request_state="asked")


def _text(result: Any) -> str:
    assert isinstance(result, types.CreateMessageResult)
    return features.text_of(result)


def lowlevel_app(journal: Journal) -> Server[Any]:
    """A new app that reports to the journal."""
    return LowLevelApp(journal).server
