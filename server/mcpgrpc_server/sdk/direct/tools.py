"""The way to a tool's own `run`, past the handler that would look it up and give it a context.

It serves tools that take no context and whose app looks them up as the SDK wrote it; what the SDK's
handler does with a failure (its log, its words) stays the SDK's.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.direct import scalars, stock
from mcpgrpc_server.sdk.direct.handlers import Handlers
from mcpgrpc_server.sdk.direct.results import Results
from mcpgrpc_server.sdk.direct.surroundings import Request

_HANDLER: Final = internals.MCPServer._handle_call_tool
_MEMBERS_OF_A_MANAGER: Final = frozenset({"_tools", "warn_on_duplicate_tools"})


def plain_tool(entry: Any, name: str) -> internals.Tool | None:
    """The tool that the SDK's handler would run without giving it a context; None for any other.

    Args:
        entry: what is registered for `tools/call`.
        name: the tool's name.
    """
    handler = entry.handler
    if (
        getattr(handler, "__func__", None) is not _HANDLER
        or entry.params_type is not internals.CallToolRequestParams
        or not stock.TOOLS.untouched()
    ):
        return None
    app = handler.__self__
    if type(app).call_tool is not internals.MCPServer.call_tool or "call_tool" in vars(app):
        return None
    manager = app._tool_manager
    if type(manager) is not internals.ToolManager or vars(manager).keys() != _MEMBERS_OF_A_MANAGER:
        return None
    return _without_context(manager.get_tool(name))


def _without_context(tool: Any) -> internals.Tool | None:
    is_plain = (
        type(tool) is internals.Tool
        and tool.context_kwarg is None
        and not tool.resolved_params
        and "run" not in vars(tool)
    )
    return tool if is_plain else None


class Tools:
    """Runs plain tools.

    Args:
        results: their results as text.
        handlers: shapes what is no plain result.
    """

    def __init__(self, results: Results, handlers: Handlers) -> None:
        self._results = results
        self._handlers = handlers
        self._scalars = scalars.Scalars()

    async def run(
        self,
        tool: internals.Tool,
        request: Request,
        boundary: internals.RequestStateBoundary | None,
    ) -> str:
        """The text of what a plain tool gives. Raises what the SDK's kernel would."""
        params: Any = request.call.params
        no_context: Any = None
        try:
            # A copy, as the SDK's model of the params would be one.
            arguments = dict(params.get("arguments") or {})
            kind = self._scalars.kind_of(tool)
            result = await tool.run(arguments, no_context, convert_result=kind is None)
            if kind is not None:
                # Asked again: the tool may have changed what becomes of its result.
                if type(result) is kind and self._scalars.kind_of(tool) is kind:
                    text = self._results.scalar(result, request.version)
                    if text is not None:
                        return text
                result = await scalars.convert(tool, result)
        except Exception as error:  # noqa: BLE001  # the SDK's own handler says what becomes of it
            result = await _failed(error, params)
        text = self._results.plain_call(result, request.version)
        return text or await self._handlers.shape(result, request, boundary)


async def _failed(error: Exception, params: dict[str, Any]) -> Any:
    """What the SDK's handler makes of a tool's failure: its log, and the answer."""
    typed = internals.CallToolRequestParams.model_validate(params, by_name=False)
    stand_in: Any = _FailingApp(error)
    no_context: Any = None
    return await _HANDLER(stand_in, no_context, typed)


class _FailingApp:
    """As much of an `MCPServer` as its handler needs to be told that a tool failed."""

    _subscriptions = None

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def call_tool(self, *_: object) -> NoReturn:
        raise self._error
