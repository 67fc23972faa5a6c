"""The way to a registered handler with the SDK's real context: one validation, one encoding.

It leaves out the SDK's composition of middleware, so it serves requests that meet none but the
SDK's own, with nothing for that to do.
"""

from __future__ import annotations

from typing import Any, Final

from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.direct.results import Results
from mcpgrpc_server.sdk.direct.surroundings import Request

_OWN_PARAMS: Final = frozenset(
    {
        internals.CallToolRequestParams,
        internals.GetPromptRequestParams,
        internals.PaginatedRequestParams,
        internals.ReadResourceRequestParams,
        internals.RequestParams,
    }
)
"""Models that hold `_meta` as the SDK's kernel reads it."""


class Handlers:
    """Runs the handlers of one server.

    Args:
        results: its results as text.
    """

    def __init__(self, results: Results) -> None:
        self._results = results

    async def run(
        self, entry: Any, request: Request, boundary: internals.RequestStateBoundary | None
    ) -> str:
        """The text of what a handler answers. Raises what the SDK's kernel would."""
        opened = request.open()
        try:
            params = request.call.params
            meta, typed = _validated(entry.params_type, params)
            context = request.context(opened, meta)
            result = await entry.handler(context, typed)
            return await self._results.shaped(result, context, boundary)
        finally:
            await opened.close()

    async def shape(
        self, result: Any, request: Request, boundary: internals.RequestStateBoundary | None
    ) -> str:
        """The text of a result that a handler gave without a context."""
        opened = request.open()
        try:
            meta, _ = _validated(internals.RequestParams, request.call.params)
            context = request.context(opened, meta)
            return await self._results.shaped(result, context, boundary)
        finally:
            await opened.close()


def _validated(params_type: Any, params: dict[str, Any] | None) -> tuple[Any, Any]:
    """`_meta` and the handler's params; both the handler's own."""
    given = {} if params is None else params
    if params_type in _OWN_PARAMS:
        typed = params_type.model_validate(given, by_name=False)
        return (None if typed.meta is None else dict(typed.meta)), typed
    meta = internals.RequestParams.model_validate(given, by_name=False).meta
    return meta, params_type.model_validate(given, by_name=False)
