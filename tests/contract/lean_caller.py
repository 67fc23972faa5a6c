"""The lean client as a `Caller`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from mcpgrpc import Client
from mcpgrpc.client.listening import Subscription
from mcpgrpc.errors import RemoteError, RequestTimeout
from tests.contract.caller import Answered, Events, GaveUp, Hooks, Json, OnProgress

Result = TypeVar("Result")
LOG_LEVEL_KEY = "io.modelcontextprotocol/logLevel"
LISTS = {
    "tools/list": "list_tools",
    "resources/list": "list_resources",
    "resources/templates/list": "list_resource_templates",
    "prompts/list": "list_prompts",
}


class LeanCaller:
    def __init__(self, client: Client, hooks: Hooks) -> None:
        self._client = client
        self._hooks = hooks

    @property
    def protocol_version(self) -> str:
        return self._client.protocol_version

    @property
    def server_info(self) -> Json:
        return self._client.server_info or {}

    @property
    def capabilities(self) -> Json:
        return self._client.capabilities

    async def request(self, method: str, params: Json | None = None) -> Json:
        return await answered(self._client.request(method, params))

    async def notify(self, method: str, params: Json) -> None:
        await self._client.notify(method, params)

    async def call_tool(
        self,
        name: str,
        arguments: Json | None = None,
        *,
        meta: Json | None = None,
        on_progress: OnProgress | None = None,
        timeout_seconds: float | None = None,
    ) -> Json:
        if self._hooks.log_level is not None:
            meta = {LOG_LEVEL_KEY: self._hooks.log_level, **(meta or {})}
        retry: dict[str, Any] = {}
        while True:
            result = await answered(
                self._client.call_tool(
                    name,
                    arguments,
                    timeout=timeout_seconds,
                    on_progress=on_progress,
                    meta=meta,
                    **retry,
                )
            )
            if result.result_type != "input_required":
                return result.raw
            assert self._hooks.on_request is not None
            retry = {
                "input_responses": {
                    key: await self._hooks.on_request(asked["method"], asked.get("params") or {})
                    for key, asked in result.input_requests.items()
                },
                "request_state": result.request_state,
            }

    async def page(self, method: str, cursor: str | None = None) -> Json:
        if cursor is None:
            listed: list[Any] = await answered(getattr(self._client, LISTS[method])())
            first = await self.request(method)
            assert [item.raw for item in listed][: len(items_of(first))] == items_of(first)
            return first
        return await self.request(method, {"cursor": cursor})

    async def read_resource(self, uri: str) -> Json:
        return (await answered(self._client.read_resource(uri))).raw

    async def get_prompt(self, name: str, arguments: dict[str, str] | None = None) -> Json:
        return (await answered(self._client.get_prompt(name, arguments))).raw

    async def complete(
        self, ref: Json, argument: str, value: str, context: dict[str, str] | None = None
    ) -> Json:
        return (await answered(self._client.complete(ref, argument, value, context=context))).raw

    @asynccontextmanager
    async def listen(self, **wanted: Any) -> AsyncIterator[Events]:
        try:
            async with self._client.listen(**wanted) as subscription:
                yield LeanEvents(subscription)
        except RemoteError as error:
            raise Answered(error.code, error.message, error.data) from None


class LeanEvents:
    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    async def next(self) -> tuple[str, Json] | None:
        event = await anext(self._subscription, None)
        if event is None:
            return None
        params = dict(event.params or {})
        params.pop("_meta", None)
        return event.method, params


def items_of(page: Json) -> list[Json]:
    [items] = [value for value in page.values() if isinstance(value, list)]
    return items


async def answered(waiting: Awaitable[Result]) -> Result:
    try:
        return await waiting
    except RequestTimeout as error:
        raise GaveUp(str(error)) from None
    except RemoteError as error:
        raise Answered(error.code, error.message, error.data) from None


@asynccontextmanager
async def lean_caller(
    address: str, hooks: Hooks, *, mode: str, rpc: str
) -> AsyncIterator[LeanCaller]:
    capabilities: Json = {}
    if hooks.on_request is not None:
        capabilities = {"elicitation": {"form": {}}, "sampling": {}, "roots": {"listChanged": True}}
    if hooks.extensions:
        capabilities["extensions"] = {name: {} for name in hooks.extensions}
    async with Client(
        address,
        mode=mode,
        rpc=rpc,
        capabilities=capabilities,
        on_notification=lambda method, params: hooks.notifications.append((method, params or {})),
        on_request=None if hooks.on_request is None else _answering(hooks),
    ) as client:
        yield LeanCaller(client, hooks)


def _answering(hooks: Hooks) -> Any:
    async def answer(method: str, params: Json | None) -> Json:
        assert hooks.on_request is not None
        return await hooks.on_request(method, params or {})

    return answer
