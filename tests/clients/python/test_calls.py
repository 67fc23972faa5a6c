"""Everything that the typed stubs can ask, of a live server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import grpc

from mcpgrpc.v1 import (
    completion_service_pb2,
    content_pb2,
    discovery_service_pb2,
    prompts_service_pb2,
    request_pb2,
    resources_service_pb2,
    result_pb2,
    subscriptions_service_pb2,
    tools_service_pb2,
)
from tests.clients.app import INSTRUCTIONS, PAGES
from tests.clients.python.stubs import SECONDS, Stubs, call_of, fails, new_key
from tests.clients.tools import EVERY_BYTE, EXAMPLE_URI

EXAMPLE = content_pb2.ResourceContents(uri=EXAMPLE_URI, mime_type="text/plain", text="A line.\n")
LISTENED = subscriptions_service_pb2.SubscriptionFilter(
    tools_list_changed=True, resource_subscriptions=[EXAMPLE_URI]
)


def pages(ask: Callable[[str | None], Any]) -> list[Any]:
    """Every page of a listing."""
    found = [ask(None)]
    while found[-1].HasField("next_cursor"):
        found.append(ask(found[-1].next_cursor))
    return found


def tools_page(stubs: Stubs, cursor: str | None) -> tools_service_pb2.ListToolsResult:
    request = tools_service_pb2.ListToolsRequest(cursor=cursor)
    return stubs.tools.ListTools(request, timeout=SECONDS).complete


def resources_page(stubs: Stubs, cursor: str | None) -> resources_service_pb2.ListResourcesResult:
    request = resources_service_pb2.ListResourcesRequest(cursor=cursor)
    return stubs.resources.ListResources(request, timeout=SECONDS).complete


def read(stubs: Stubs, uri: str) -> content_pb2.ResourceContents:
    request = resources_service_pb2.ReadResourceRequest(uri=uri)
    return stubs.resources.ReadResource(request, timeout=SECONDS).complete.contents[0]


def test_a_tool_is_called_with_a_deadline(stubs: Stubs) -> None:
    result = stubs.call("add", a=1, b=2)
    assert result.content[0].text.text == "3"
    assert json.loads(result.structured_content_json) == {"result": 3}
    assert not result.is_error


def test_a_tool_that_fails_is_a_result(stubs: Stubs) -> None:
    result = stubs.call("fail", message="no such city")
    assert result.is_error
    assert result.content[0].text.text == "no such city"


def test_a_deadline_that_passes_ends_the_call_at_the_server(stubs: Stubs) -> None:
    key = new_key()
    with fails() as failures:
        stubs.tools.CallTool(call_of("wait", key=key), timeout=1)
    assert failures[0].status is grpc.StatusCode.DEADLINE_EXCEEDED
    if stubs.structured("waits")["begun"].get(key):
        stubs.call("settled", key=key)
        assert stubs.structured("waits")["cancelled"][key] == 1


def test_cancelling_a_call_cancels_it_at_the_server(stubs: Stubs) -> None:
    key = new_key()
    request = tools_service_pb2.WatchToolRequest(call=call_of("wait", key=key))
    call: Any = stubs.tools.WatchTool(request, timeout=SECONDS)
    assert next(call).progress.message == "begun"
    call.cancel()
    stubs.call("settled", key=key)
    assert stubs.structured("waits")["cancelled"][key] == 1


def test_a_listing_has_every_tool_once(stubs: Stubs) -> None:
    listed = pages(lambda cursor: tools_page(stubs, cursor))
    names = [tool.name for page in listed for tool in page.tools]
    assert len(listed) == 5
    assert len(names) == len(set(names)) == 41


def test_a_listing_has_every_resource_once(stubs: Stubs) -> None:
    listed = pages(lambda cursor: resources_page(stubs, cursor))
    uris = {resource.uri for page in listed for resource in page.resources}
    assert len(uris) == sum(len(page.resources) for page in listed) == PAGES + 2


def test_a_cursor_of_another_list_is_refused(stubs: Stubs) -> None:
    cursor = resources_page(stubs, None).next_cursor
    with fails() as failures:
        tools_page(stubs, cursor)
    assert failures[0].status is grpc.StatusCode.INVALID_ARGUMENT
    assert failures[0].reason == "INVALID_PARAMS"


def test_templates_are_listed(stubs: Stubs) -> None:
    request = resources_service_pb2.ListResourceTemplatesRequest()
    result = stubs.resources.ListResourceTemplates(request, timeout=SECONDS).complete
    assert [each.uri_template for each in result.resource_templates] == ["file:///{name}"]


def test_a_resource_of_text_is_read(stubs: Stubs) -> None:
    assert read(stubs, EXAMPLE_URI) == EXAMPLE


def test_a_resource_of_bytes_is_bytes(stubs: Stubs) -> None:
    contents = read(stubs, "file:///pixel.bin")
    assert contents.WhichOneof("content") == "blob"
    assert contents.blob == EVERY_BYTE


def test_a_prompt_is_listed_and_got(stubs: Stubs) -> None:
    listing = stubs.prompts.ListPrompts(
        prompts_service_pb2.ListPromptsRequest(), timeout=SECONDS
    ).complete
    assert [(each.name, each.arguments[0].required) for each in listing.prompts] == [
        ("review", True)
    ]
    request = prompts_service_pb2.GetPromptRequest(name="review", arguments={"code": "x = 1"})
    message = stubs.prompts.GetPrompt(request, timeout=SECONDS).complete.messages[0]
    assert message.role == content_pb2.ROLE_USER
    assert message.content.text.text == "Review this:\nx = 1"


def test_an_argument_is_completed(stubs: Stubs) -> None:
    request = completion_service_pb2.CompleteRequest(
        prompt=completion_service_pb2.PromptReference(name="review"),
        argument=completion_service_pb2.CompletionArgument(name="code", value="py"),
    )
    completion = stubs.completion.Complete(request, timeout=SECONDS).complete.completion
    assert list(completion.values) == ["python"]
    assert completion.total == 1
    assert completion.HasField("has_more")
    assert not completion.has_more


def test_a_server_says_what_it_speaks_and_offers(stubs: Stubs) -> None:
    request = discovery_service_pb2.DiscoverRequest()
    result = stubs.discovery.Discover(request, timeout=SECONDS).complete
    assert list(result.supported_versions) == ["2026-07-28"]
    assert result.instructions == INSTRUCTIONS
    assert result.capabilities.tools.list_changed
    assert result.capabilities.resources.subscribe
    assert result.cache_scope == result_pb2.CACHE_SCOPE_PRIVATE


def test_progress_and_logs_come_before_the_result(stubs: Stubs) -> None:
    call = call_of("steps", total=3)
    call.context.log_level = request_pb2.LOGGING_LEVEL_INFO
    request = tools_service_pb2.WatchToolRequest(call=call)
    events = list(stubs.tools.WatchTool(request, timeout=SECONDS))
    kinds = [event.WhichOneof("event") for event in events]
    assert kinds == ["progress", "log"] * 3 + ["result"]
    assert [event.progress.progress for event in events[0:6:2]] == [1, 2, 3]
    assert json.loads(events[1].log.data_json) == "step 1"
    assert events[-1].result.complete.content[0].text.text == "done"


def test_logs_that_are_not_asked_for_do_not_come(stubs: Stubs) -> None:
    request = tools_service_pb2.WatchToolRequest(call=call_of("steps", total=2))
    kinds = [each.WhichOneof("event") for each in stubs.tools.WatchTool(request, timeout=SECONDS)]
    assert kinds == ["progress", "progress", "result"]


def test_a_question_is_answered_with_its_state(stubs: Stubs) -> None:
    request = call_of("confirm", question="Really?")
    request.context.client_capabilities_json = '{"elicitation":{}}'
    asked = stubs.tools.CallTool(request, timeout=SECONDS).input_required
    assert asked.input_requests["answer"].method == "elicitation/create"
    request.retry.request_state = asked.request_state
    answer = {"action": "accept", "content": {"answer": "yes"}}
    request.retry.input_responses_json["answer"] = json.dumps(answer)
    result = stubs.tools.CallTool(request, timeout=SECONDS).complete
    assert result.content[0].text.text == 'accept {"answer":"yes"}'


def test_changes_are_heard_until_the_listener_leaves(stubs: Stubs) -> None:
    request = subscriptions_service_pb2.ListenRequest(notifications=LISTENED)
    stream: Any = stubs.subscriptions.Listen(request, timeout=SECONDS)
    assert next(stream).acknowledged.notifications == LISTENED
    stubs.call("change")
    assert next(stream).WhichOneof("event") == "tools_list_changed"
    assert next(stream).resource_updated.uri == EXAMPLE_URI
    stream.cancel()
    with fails() as failures:
        next(stream)
    assert failures[0].status is grpc.StatusCode.CANCELLED
