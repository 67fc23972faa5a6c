"""A typed call and the Call of the same thing: the same request, and the same answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpgrpc.v1 import (
    completion_service_pb2,
    prompts_service_pb2,
    resources_service_pb2,
    tools_service_pb2,
)
from mcpgrpc_server.typed.error_status import OTHER, STATUSES
from tests.contract.journal import Journal
from tests.contract.lowlevel_app import lowlevel_app
from tests.contract.mcpserver_app import mcpserver_app
from tests.typed.generated import objects_of, sloppy
from tests.typed.methods import METHODS, Method
from tests.typed.oracle import result_of, same
from tests.typed.served import TYPED_META, Scripted, Ways, ways_to

KINDS = [(method, name) for method in METHODS for name in method.results]
BY_RPC = {method.rpc: method for method in METHODS}

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")


@pytest.mark.parametrize("method", METHODS, ids=str)
async def test_a_typed_request_is_the_request_of_the_call(
    ways: Ways, backend: Scripted, method: Method
) -> None:
    await ways.typed(method)
    await ways.call(method.method, method.params)
    typed, called = backend.seen
    assert typed.params == called.params == {**method.params, "_meta": TYPED_META}
    assert (typed.request.id, typed.request.method) == (called.request.id, method.method)
    assert (typed.era, typed.request.modern) == (called.era, True)


@pytest.mark.parametrize(
    ("method", "name"), KINDS, ids=[f"{method}-{name}" for method, name in KINDS]
)
@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=8,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_a_typed_answer_is_the_answer_of_the_call(
    ways: Ways, backend: Scripted, method: Method, name: str, data: st.DataObject
) -> None:
    kind = "input_required" if name == "InputRequiredResult" else "complete"
    objects = objects_of(name)
    result = {**data.draw(st.one_of(objects, sloppy(objects))), "resultType": kind}
    backend.says(json.dumps(result))
    typed = await ways.typed(method)
    called = await ways.call(method.method, method.params)
    assert same(result_of(typed), json.loads(called.result_json))


@pytest.mark.parametrize("code", [*sorted(STATUSES), 0, 4, 14, 16, -32000, -32002, 4001])
@pytest.mark.parametrize("method", [METHODS[0], METHODS[1]], ids=str)
async def test_an_error_of_mcp_is_a_status_with_the_error_of_the_call(
    ways: Ways, backend: Scripted, method: Method, code: int
) -> None:
    backend.fails(code, "it is so", '{"reason":"DRAINING","n":[1.50]}')
    failed = await ways.refused(method)
    error = (await ways.call(method.method, method.params)).error
    assert (failed.code, failed.reason) == STATUSES.get(code, OTHER)
    assert (failed.message, failed.domain) == (error.message, "mcp")
    assert failed.error_code == failed.metadata["code"] == str(error.code)
    assert failed.metadata["data_json"] == error.data_json
    assert "execution" not in failed.metadata


def tool(name: str, **arguments: Any) -> tuple[str, Any, str, dict[str, Any]]:
    request = tools_service_pb2.CallToolRequest(name=name, arguments_json=json.dumps(arguments))
    return "CallTool", request, "tools/call", {"name": name, "arguments": arguments}


def read(uri: str) -> tuple[str, Any, str, dict[str, Any]]:
    request = resources_service_pb2.ReadResourceRequest(uri=uri)
    return "ReadResource", request, "resources/read", {"uri": uri}


def prompt(name: str, **arguments: str) -> tuple[str, Any, str, dict[str, Any]]:
    request = prompts_service_pb2.GetPromptRequest(name=name, arguments=arguments)
    return "GetPrompt", request, "prompts/get", {"name": name, "arguments": arguments}


def listing(kind: str, method: str, **params: str) -> tuple[str, Any, str, dict[str, Any]]:
    rpc = f"List{kind}"
    return rpc, type(BY_RPC[rpc].request)(**params), method, params


COMPLETION = completion_service_pb2.CompleteRequest(
    resource=completion_service_pb2.ResourceTemplateReference(uri="contract://city/{name}"),
    argument=completion_service_pb2.CompletionArgument(name="name", value="O"),
)
ASKED = {
    "every content block": tool("contents"),
    "structured content": tool("add", a=1, b=2),
    "numbers beyond doubles": tool("echo", value=[9007199254740993, 10**30, 1e-7, None]),
    "_meta": tool("meta"),
    "a tool that fails": tool("fail", why="it must"),
    "a tool that crashes": tool("crash"),
    "an error with data": tool("refuse"),
    "a tool that does not exist": tool("nope"),
    "tools": listing("Tools", "tools/list"),
    "a cursor of another list": listing("Tools", "tools/list", cursor="page-2-of-another"),
    "resources": listing("Resources", "resources/list"),
    "templates": listing("ResourceTemplates", "resources/templates/list"),
    "prompts": listing("Prompts", "prompts/list"),
    "a text": read("contract://text"),
    "bytes": read("contract://bytes"),
    "a template's resource": read("contract://city/Oslo"),
    "a resource that does not exist": read("contract://nope"),
    "a resource that crashes": read("contract://broken"),
    "a prompt": prompt("plan", city="Oslo"),
    "a prompt that does not exist": prompt("nope"),
    "suggestions": (
        "Complete",
        COMPLETION,
        "completion/complete",
        {
            "ref": {"type": "ref/resource", "uri": "contract://city/{name}"},
            "argument": {"name": "name", "value": "O"},
        },
    ),
    "discovery": ("Discover", BY_RPC["Discover"].request, "server/discover", {}),
}


@pytest.mark.parametrize("app", [lowlevel_app, mcpserver_app], ids=["Server", "MCPServer"])
@pytest.mark.parametrize("what", list(ASKED))
async def test_an_app_answers_typed_as_it_answers_a_call(
    app: Callable[[Journal], Any], what: str
) -> None:
    rpc, request, method, params = ASKED[what]
    async with ways_to(app(Journal())) as ways:
        called = await ways.call(method, params)
        if called.HasField("error"):
            failed = await ways.refused(BY_RPC[rpc], request)
            assert (failed.error_code, failed.message) == (
                str(called.error.code),
                called.error.message,
            )
        else:
            typed = await ways.typed(BY_RPC[rpc], request)
            assert same(result_of(typed), json.loads(called.result_json))
