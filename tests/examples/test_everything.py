"""That each feature the example shows reaches clients of both eras.

It does not test the features themselves, which are the SDK's and the protocol's.
"""

import base64
from collections.abc import Callable
from types import ModuleType
from typing import cast

import anyio
import pytest
from mcp import Client, MCPDeprecationWarning, MCPError
from mcp.client import ClientRequestContext
from mcp.client.session import IncomingMessage
from mcp.client.subscriptions import ResourceUpdated, ToolsListChanged
from mcp.types import (
    AudioContent,
    BlobResourceContents,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestParams,
    ElicitResult,
    EmbeddedResource,
    ImageContent,
    ListRootsResult,
    LoggingMessageNotificationParams,
    PromptReference,
    RequestParamsMeta,
    ResourceLink,
    ResourceTemplateReference,
    ResourceUpdatedNotification,
    Root,
    TextContent,
    TextResourceContents,
    ToolListChangedNotification,
)
from pydantic import FileUrl

pytestmark = pytest.mark.anyio

NOTES = "everything://notes"


@pytest.fixture
def everything(load_example: Callable[[str], ModuleType]) -> ModuleType:
    return load_example("everything")


async def accept(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    assert params.message == "Book a journey to Oslo?"
    return ElicitResult(action="accept", content={"seats": 2, "window": True})


async def decline(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    return ElicitResult(action="decline")


async def sample(
    context: ClientRequestContext, params: CreateMessageRequestParams
) -> CreateMessageResult:
    assert params.max_tokens == 60
    return CreateMessageResult(
        role="assistant", content=TextContent(text="Rain again."), model="a-model"
    )


async def list_roots(context: ClientRequestContext) -> ListRootsResult:
    return ListRootsResult(roots=[Root(uri=FileUrl("file:///work"), name="work")])


async def text_of(client: Client, tool: str, **arguments: object) -> str:
    result = await client.call_tool(tool, arguments)
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


async def test_synchronous_and_asynchronous_tools_answer_with_structure(
    everything: ModuleType, mode: str
) -> None:
    async with Client(everything.app, mode=mode) as client:
        total = await client.call_tool("add", {"a": 2, "b": 3})
        oslo = await client.call_tool("weather", {"city": "Oslo"})
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert total.structured_content == {"result": 5}
    assert oslo.structured_content == {"city": "Oslo", "temperature_celsius": 3.5}
    assert tools["weather"].meta == {"example.com/feature": "structured-output"}
    assert tools["weather"].output_schema is not None
    assert tools["add"].annotations is not None
    assert tools["add"].annotations.read_only_hint


async def test_every_kind_of_content_arrives(everything: ModuleType, mode: str) -> None:
    async with Client(everything.app, mode=mode) as client:
        result = await client.call_tool("contents", {})
    kinds = [TextContent, ImageContent, AudioContent, ResourceLink, EmbeddedResource]
    assert [type(content) for content in result.content] == kinds
    image, audio = result.content[1], result.content[2]
    assert isinstance(image, ImageContent)
    assert isinstance(audio, AudioContent)
    assert base64.b64decode(image.data).startswith(b"\x89PNG")
    assert base64.b64decode(audio.data).startswith(b"RIFF")


async def test_tool_failures_are_results_the_model_can_read(
    everything: ModuleType, mode: str
) -> None:
    async with Client(everything.app, mode=mode) as client:
        failed = await client.call_tool("fail", {"reason": "of the test"})
        unknown_city = await client.call_tool("weather", {"city": "Atlantis"})
        bad_argument = await client.call_tool("add", {"a": "two", "b": 3})
    assert failed.is_error
    assert unknown_city.is_error
    assert bad_argument.is_error
    assert "because of the test" in str(failed.content)
    assert "The cities are Oslo" in str(unknown_city.content)


async def test_request_meta_is_seen_and_result_meta_returned(
    everything: ModuleType, mode: str
) -> None:
    meta = cast("RequestParamsMeta", {"example.com/trace": "1"})
    async with Client(everything.app, mode=mode) as client:
        result = await client.call_tool("result_meta", {}, meta=meta)
    assert result.meta is not None
    assert "example.com/trace" in result.meta["example.com/request-keys"]


async def test_progress_is_reported_step_by_step(everything: ModuleType, mode: str) -> None:
    reports: list[tuple[float, float | None, str | None]] = []

    async def record(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, total, message))

    async with Client(everything.app, mode=mode) as client:
        await client.call_tool("countdown", {"steps": 3}, progress_callback=record)
        too_many = await client.call_tool("countdown", {"steps": 10**6})
    assert reports == [(step, 3, f"step {step} of 3") for step in (1, 2, 3)]
    assert too_many.is_error


@pytest.mark.filterwarnings("ignore:The logging capability:mcp.MCPDeprecationWarning")
async def test_log_messages_reach_a_client_that_asks_for_them(
    everything: ModuleType, mode: str
) -> None:
    logged: list[tuple[str, object]] = []

    async def record(params: LoggingMessageNotificationParams) -> None:
        logged.append((params.level, params.data))

    async with Client(
        everything.app, mode=mode, logging_callback=record, log_level="info"
    ) as client:
        await client.call_tool("log", {"message": "hello", "level": "warning"})
    assert logged == [("warning", "hello")]


async def test_protocol_logging_warns_that_it_is_deprecated(everything: ModuleType) -> None:
    async with Client(everything.app) as client:
        with pytest.warns(MCPDeprecationWarning, match="logging"):
            await client.call_tool("log", {"message": "hello"})


async def test_a_slow_call_stops_when_its_caller_gives_up(
    everything: ModuleType, mode: str
) -> None:
    started = anyio.Event()

    async def note_start(progress: float, total: float | None, message: str | None) -> None:
        started.set()

    async with Client(everything.app, mode=mode) as client:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:

                async def call_slow() -> None:
                    arguments = {"seconds": 60}
                    await client.call_tool("slow", arguments, progress_callback=note_start)

                tasks.start_soon(call_slow)
                await started.wait()
                tasks.cancel_scope.cancel()
            cancelled: list[str] = []
            while not cancelled:
                result = await client.call_tool("cancelled_calls", {})
                assert result.structured_content is not None
                cancelled = result.structured_content["result"]
    assert len(cancelled) == 1


async def test_a_slow_call_that_is_left_alone_finishes(everything: ModuleType, mode: str) -> None:
    async with Client(everything.app, mode=mode) as client:
        text = await text_of(client, "slow", seconds=0.05)
        too_slow = await client.call_tool("slow", {"seconds": 10**6})
    assert text == "Worked for 0.05 seconds."
    assert too_slow.is_error


async def test_whoami_says_which_protocol_the_call_used(everything: ModuleType) -> None:
    versions = {}
    for mode in ("legacy", "auto"):
        async with Client(everything.app, mode=mode) as client:
            result = await client.call_tool("whoami", {})
            versions[mode] = result.structured_content
    assert versions == {
        "legacy": {"protocol_version": "2025-11-25"},
        "auto": {"protocol_version": "2026-07-28"},
    }


async def test_an_argument_is_marked_for_a_header(everything: ModuleType, mode: str) -> None:
    async with Client(everything.app, mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        text = await text_of(client, "in_region", region="eu")
    schema = tools["in_region"].input_schema
    assert schema["properties"]["region"]["x-mcp-header"] == "Region"
    assert text == "Served from eu."


async def test_a_form_is_filled_in_or_declined(everything: ModuleType, mode: str) -> None:
    async with Client(everything.app, mode=mode, elicitation_callback=accept) as client:
        accepted = await text_of(client, "book", city="Oslo")
    async with Client(everything.app, mode=mode, elicitation_callback=decline) as client:
        declined = await text_of(client, "book", city="Oslo")
    assert accepted == "Booked 2 seats to Oslo, by the window."
    assert declined == "Nothing booked: the form was answered with 'decline'."


async def test_a_client_that_cannot_be_asked_gets_a_protocol_error(
    everything: ModuleType, mode: str
) -> None:
    async with Client(everything.app, mode=mode) as client:
        for tool, arguments in (
            ("book", {"city": "Oslo"}),
            ("compose", {"topic": "x"}),
            ("roots", {}),
        ):
            with pytest.raises(MCPError):
                await client.call_tool(tool, arguments)


async def test_the_clients_model_and_folders_can_be_asked_for(
    everything: ModuleType, mode: str
) -> None:
    async with Client(
        everything.app, mode=mode, sampling_callback=sample, list_roots_callback=list_roots
    ) as client:
        line = await text_of(client, "compose", topic="the weather")
        folders = await client.call_tool("roots", {})
    assert line == "Rain again."
    assert folders.structured_content == {"result": ["file:///work"]}


async def test_text_binary_and_templated_resources_are_read(
    everything: ModuleType, mode: str
) -> None:
    async with Client(everything.app, mode=mode) as client:
        readme = (await client.read_resource("everything://readme")).contents[0]
        pixel = (await client.read_resource("everything://pixel")).contents[0]
        oslo = (await client.read_resource("everything://weather/Oslo")).contents[0]
        templates = (await client.list_resource_templates()).resource_templates
        with pytest.raises(MCPError, match="Atlantis"):
            await client.read_resource("everything://weather/Atlantis")
    assert isinstance(readme, TextResourceContents)
    assert isinstance(pixel, BlobResourceContents)
    assert isinstance(oslo, TextResourceContents)
    assert "3.5" in oslo.text
    assert base64.b64decode(pixel.blob).startswith(b"\x89PNG")
    assert [template.uri_template for template in templates] == ["everything://weather/{city}"]


async def test_a_listener_hears_of_changes_and_sees_them(everything: ModuleType) -> None:
    async with Client(everything.app) as client:
        with anyio.fail_after(10):
            async with client.listen(
                tools_list_changed=True, resource_subscriptions=[NOTES]
            ) as subscription:
                await client.call_tool("add_note", {"text": "A second note."})
                assert await anext(subscription) == ResourceUpdated(uri=NOTES)
                await client.call_tool("toggle_extra", {})
                assert await anext(subscription) == ToolsListChanged()
        notes = (await client.read_resource(NOTES)).contents[0]
        text = await text_of(client, "extra")
    assert isinstance(notes, TextResourceContents)
    assert "A second note." in notes.text
    assert text == "Here now."


async def test_a_session_of_the_older_era_is_notified_of_changes(everything: ModuleType) -> None:
    heard: set[type] = set()
    both = anyio.Event()

    async def record(message: IncomingMessage) -> None:
        heard.add(type(message))
        if {ResourceUpdatedNotification, ToolListChangedNotification} <= heard:
            both.set()

    async with Client(everything.app, mode="legacy", message_handler=record) as client:
        await client.call_tool("add_note", {"text": "A second note."})
        await client.call_tool("toggle_extra", {})
        with anyio.fail_after(10):
            await both.wait()


async def test_the_extra_tool_goes_as_it_came(everything: ModuleType, mode: str) -> None:
    async with Client(everything.app, mode=mode) as client:
        added = await client.call_tool("toggle_extra", {})
        removed = await client.call_tool("toggle_extra", {})
        names = [tool.name for tool in (await client.list_tools()).tools]
    assert added.structured_content == {"result": True}
    assert removed.structured_content == {"result": False}
    assert "extra" not in names


async def test_notes_are_bounded(everything: ModuleType) -> None:
    async with Client(everything.app) as client:
        for number in range(150):
            result = await client.call_tool("add_note", {"text": f"note {number}"})
        too_long = await client.call_tool("add_note", {"text": "x" * 1_001})
    assert result.structured_content == {"result": 100}
    assert too_long.is_error


async def test_the_prompt_carries_text_an_image_and_a_resource(
    everything: ModuleType, mode: str
) -> None:
    async with Client(everything.app, mode=mode) as client:
        prompt = await client.get_prompt("plan", {"city": "Oslo", "hours": "5"})
        with pytest.raises(MCPError):
            await client.get_prompt("plan", {})
    kinds = [type(message.content) for message in prompt.messages]
    assert kinds == [EmbeddedResource, ImageContent, TextContent]
    assert "Plan 5 hours in Oslo." in str(prompt.messages[-1].content)


@pytest.mark.parametrize(
    "ref",
    [PromptReference(name="plan"), ResourceTemplateReference(uri="everything://weather/{city}")],
)
async def test_cities_are_completed_by_prefix(
    everything: ModuleType, mode: str, ref: PromptReference | ResourceTemplateReference
) -> None:
    async with Client(everything.app, mode=mode) as client:
        some = await client.complete(ref, {"name": "city", "value": "O"})
        other = await client.complete(ref, {"name": "hours", "value": "1"})
    assert some.completion.values == ["Osaka", "Oslo", "Ottawa"]
    assert other.completion.values == []
