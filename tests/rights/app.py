"""An app with something of everything, in two kinds, and callers whose identity is their token."""

from __future__ import annotations

from typing import Any

from mcp import MCPError, types
from mcp.server import MCPServer, Server

from mcpgrpc_server.authentication.rpc_interception import RpcInterceptor, RpcOpening
from mcpgrpc_server.identity import Identity, IdentityKind

SECRETS = ("secret_tool", "secret_prompt", "notes:///secret")


class TokenIsSubject(RpcInterceptor):
    """Lets everybody be who the bearer token says: rights are tested, not proofs."""

    async def before(self, rpc: RpcOpening) -> None:
        if rpc.presented is not None:
            subject, *scopes = rpc.presented.secret.split("/")
            rpc.by_credential(Identity(subject, IdentityKind.JWT, scopes=frozenset(scopes)))


def mcpserver_app(touched: list[str]) -> MCPServer[Any]:
    app: MCPServer[Any] = MCPServer("app")

    @app.tool()
    def open_tool() -> str:
        return "open"

    @app.tool()
    def secret_tool() -> str:
        touched.append("secret_tool")
        return "secret"

    @app.prompt()
    def open_prompt() -> str:
        return "open"

    @app.prompt()
    def secret_prompt() -> str:
        touched.append("secret_prompt")
        return "secret"

    @app.resource("notes:///open")
    def open_note() -> str:
        return "open"

    @app.resource("notes:///secret")
    def secret_note() -> str:
        touched.append("notes:///secret")
        return "secret"

    @app.resource("items:///{name}")
    def item(name: str) -> str:
        touched.append(f"items:///{name}")
        return name

    @app.completion()  # type: ignore[no-untyped-call, untyped-decorator]  # the SDK gives no types
    async def complete(
        ref: types.PromptReference | types.ResourceTemplateReference,
        argument: types.CompletionArgument,
        context: types.CompletionContext | None,
    ) -> types.Completion:
        return types.Completion(values=["public", "private"], total=2)

    return app


def lowlevel_app(touched: list[str]) -> Server[Any]:
    names = ("open_tool", "secret_tool")

    async def list_tools(
        _: Any, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """One tool a page."""
        page = int(params.cursor) if params is not None and params.cursor is not None else 0
        tool = types.Tool(name=names[page], input_schema={"type": "object"})
        following = str(page + 1) if page + 1 < len(names) else None
        return types.ListToolsResult(tools=[tool], next_cursor=following)

    async def call_tool(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name not in names:
            raise MCPError(types.INVALID_PARAMS, f"there is no {params.name!r} here")
        touched.append(params.name)
        return types.CallToolResult(content=[types.TextContent(type="text", text=params.name)])

    return Server("app", on_list_tools=list_tools, on_call_tool=call_tool)
