"""The official SDK's client as a `Caller`, over any transport, its own in-memory one included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from mcp import Client, MCPError, types
from mcp.client import ClientRequestContext, advertise
from mcp.client.session import IncomingMessage
from mcp.client.subscriptions import (
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    Subscription,
    ToolsListChanged,
)
from pydantic import BaseModel, ConfigDict

from tests.contract.caller import Answered, Events, GaveUp, Hooks, Json, OnProgress

Result = TypeVar("Result")

EVENTS: dict[type, str] = {
    ToolsListChanged: "notifications/tools/list_changed",
    PromptsListChanged: "notifications/prompts/list_changed",
    ResourcesListChanged: "notifications/resources/list_changed",
}

FILTERS = {
    "tools": "tools_list_changed",
    "prompts": "prompts_list_changed",
    "resources": "resources_list_changed",
    "resource_uris": "resource_subscriptions",
}


class AnyRequest(types.Request[Any, str]):
    method: str
    params: Any = None


class AnyResult(types.Result):
    model_config = ConfigDict(extra="allow")


class AnyNotification(types.Notification[Any, str]):
    method: str
    params: Any = None


class SdkCaller:
    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def protocol_version(self) -> str:
        return self._client.protocol_version

    @property
    def server_info(self) -> Json:
        info = self._client.session.server_info
        assert info is not None
        return wire(info)

    @property
    def capabilities(self) -> Json:
        return wire(self._client.server_capabilities)

    async def request(self, method: str, params: Json | None = None) -> Json:
        request = AnyRequest(method=method, params=params)
        return wire(await answered(self._client.session.send_request(request, AnyResult)))

    async def notify(self, method: str, params: Json) -> None:
        notification = cast(
            "types.ClientNotification", AnyNotification(method=method, params=params)
        )
        await self._client.session.send_notification(notification)

    async def call_tool(
        self,
        name: str,
        arguments: Json | None = None,
        *,
        meta: Json | None = None,
        on_progress: OnProgress | None = None,
        timeout_seconds: float | None = None,
    ) -> Json:
        async def report(progress: float, total: float | None, message: str | None) -> None:
            assert on_progress is not None
            on_progress(progress, total, message)

        result = await answered(
            self._client.call_tool(
                name,
                arguments,
                timeout_seconds,
                report if on_progress is not None else None,
                meta=cast("types.RequestParamsMeta | None", meta),
            )
        )
        return wire(result)

    async def page(self, method: str, cursor: str | None = None) -> Json:
        lists = {
            "tools/list": self._client.list_tools,
            "resources/list": self._client.list_resources,
            "resources/templates/list": self._client.list_resource_templates,
            "prompts/list": self._client.list_prompts,
        }
        return wire(await answered(lists[method](cursor=cursor)))

    async def read_resource(self, uri: str) -> Json:
        return wire(await answered(self._client.read_resource(uri)))

    async def get_prompt(self, name: str, arguments: dict[str, str] | None = None) -> Json:
        return wire(await answered(self._client.get_prompt(name, arguments)))

    async def complete(
        self, ref: Json, argument: str, value: str, context: dict[str, str] | None = None
    ) -> Json:
        made = (
            types.PromptReference.model_validate(ref)
            if ref["type"] == "ref/prompt"
            else types.ResourceTemplateReference.model_validate(ref)
        )
        asked = {"name": argument, "value": value}
        return wire(await answered(self._client.complete(made, asked, context)))

    @asynccontextmanager
    async def listen(self, **wanted: Any) -> AsyncIterator[Events]:
        named = {FILTERS[name]: value for name, value in wanted.items()}
        try:
            async with self._client.listen(**named) as subscription:
                yield SdkEvents(subscription)
        except MCPError as error:
            raise Answered(error.code, error.message, error.data) from None


class SdkEvents:
    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    async def next(self) -> tuple[str, Json] | None:
        event = await anext(self._subscription, None)
        if event is None:
            return None
        if isinstance(event, ResourceUpdated):
            return "notifications/resources/updated", {"uri": event.uri}
        return EVENTS[type(event)], {}


def wire(model: BaseModel) -> Json:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def answered(waiting: Awaitable[Result]) -> Result:
    try:
        return await waiting
    except MCPError as error:
        if error.code == types.REQUEST_TIMEOUT:
            raise GaveUp(error.message) from None
        raise Answered(error.code, error.message, error.data) from None


@asynccontextmanager
async def sdk_caller(server: Any, hooks: Hooks, *, mode: str) -> AsyncIterator[SdkCaller]:
    """`server` is what the SDK's client takes: a server object or a transport."""

    async def sample(
        context: ClientRequestContext, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResult:
        result = await ask("sampling/createMessage", wire(params))
        return types.CreateMessageResult.model_validate(result)

    async def elicit(
        context: ClientRequestContext, params: types.ElicitRequestParams
    ) -> types.ElicitResult:
        return types.ElicitResult.model_validate(await ask("elicitation/create", wire(params)))

    async def list_roots(context: ClientRequestContext) -> types.ListRootsResult:
        return types.ListRootsResult.model_validate(await ask("roots/list", {}))

    async def ask(method: str, params: Json) -> Json:
        assert hooks.on_request is not None
        return await hooks.on_request(method, params)

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, Exception):
            raise message
        heard = wire(message)
        hooks.notifications.append((heard["method"], heard.get("params") or {}))

    answers = hooks.on_request is not None
    async with Client(
        server,
        mode=mode,
        sampling_callback=sample if answers else None,
        elicitation_callback=elicit if answers else None,
        list_roots_callback=list_roots if answers else None,
        message_handler=hear,
        log_level=cast("types.LoggingLevel | None", hooks.log_level),
        extensions=[advertise(name) for name in hooks.extensions],
        cache=None,
    ) as client:
        yield SdkCaller(client)
