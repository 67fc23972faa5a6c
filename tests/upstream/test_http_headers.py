"""The headers of modern requests: mirrors of the body, and nothing of anybody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from mcpgrpc.errors import ConnectError, ConnectionLost, ServiceError
from mcpgrpc_server.upstream.http import param_headers as http_param_headers
from mcpgrpc_server.upstream.http.client import open_http_client
from tests.upstream.http_carriers import (
    META,
    Heard,
    call_modern,
    calling,
    modern,
    request,
    text_of,
)
from tests.upstream.http_servers import (
    Scripted,
    event,
    events_response,
    json_response,
    notification,
    result,
    scripted,
)

SAID = '{"content":[{"type":"text","text":"fine"}]}'


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with open_http_client() as client:
        yield client


@pytest.fixture(scope="module")
async def served_script() -> AsyncIterator[Scripted]:
    async with scripted() as script:
        yield script


@pytest.fixture
def upstream(served_script: Scripted) -> Scripted:
    served_script.requests.clear()
    served_script.always(lambda: json_response(result(1, SAID)))
    return served_script


def mismatch(request_id: Any) -> Response:
    """What a server says that misses a header."""
    error = {"code": -32020, "message": "Mcp-Param-Region header is missing"}
    return json_response(json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error}), 400)


def tool(name: str, **annotated: str) -> dict[str, Any]:
    properties = {
        argument: {"type": "string", "x-mcp-header": header}
        for argument, header in annotated.items()
    }
    return {"name": name, "inputSchema": {"type": "object", "properties": properties}}


class Strict:
    """A server that wants some arguments of its tools mirrored.

    Args:
        tools: as it lists them, one on each page.
    """

    def __init__(self, *tools: dict[str, Any]) -> None:
        self.tools = list(tools)
        self.listings: list[dict[str, Any]] = []

    async def __call__(self, request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        if message["method"] == "tools/list":
            return self._page(message)
        wanted = self._wanted(message["params"]["name"])
        if not all(f"mcp-param-{header.lower()}" in request.headers for header in wanted):
            return mismatch(message["id"])
        return json_response(result(message["id"], SAID))

    def _wanted(self, name: str) -> list[str]:
        listed = next(each for each in self.tools if each["name"] == name)
        properties: dict[str, Any] = listed["inputSchema"]["properties"]
        return [each["x-mcp-header"] for each in properties.values()]

    def _page(self, message: dict[str, Any]) -> Response:
        self.listings.append(message["params"])
        at = int(message["params"].get("cursor", "0"))
        page: dict[str, Any] = {"tools": self.tools[at : at + 1]}
        if at + 1 < len(self.tools):
            page["nextCursor"] = str(at + 1)
        return json_response(result(message["id"], json.dumps(page)))


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("tools/call", {"name": "add"}, "add"),
        ("prompts/get", {"name": "Zürich"}, "=?base64?WsO8cmljaA==?="),
        ("resources/read", {"uri": "notes://a b\n"}, "=?base64?bm90ZXM6Ly9hIGIK?="),
        ("tools/call", {"name": "=?base64?WA==?="}, "=?base64?PT9iYXNlNjQ/V0E9PT89?="),
        ("tools/call", {"name": 7}, None),
        ("tools/list", {"name": "add"}, None),
    ],
)
async def test_method_version_and_name_are_mirrored(
    upstream: Scripted,
    client: httpx2.AsyncClient,
    method: str,
    params: dict[str, Any],
    name: str | None,
) -> None:
    async with calling(upstream.url, Heard(), client=client) as carrier:
        await carrier.exchange(modern(1, method, **params))
    [fields] = upstream.headers
    assert fields["mcp-method"] == method
    assert fields["mcp-protocol-version"] == META["io.modelcontextprotocol/protocolVersion"]
    assert fields.get("mcp-name") == name
    assert fields["content-type"] == "application/json"
    assert fields["accept"] == "application/json, text/event-stream"


async def test_what_has_no_form_in_a_header_is_left_to_the_upstream_to_judge(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    odd = '{"name":"\\ud800","arguments":{"a":"\\ud800"},"_meta":7}'
    async with calling(upstream.url, Heard(), client=client) as carrier:
        await carrier.exchange(request(1, "tools/call", odd))
        await carrier.exchange(request(1, "tools/call\r\nx-forged: 1", None))
    assert "mcp-name" not in upstream.headers[0]
    assert "mcp-protocol-version" not in upstream.headers[0]
    assert upstream.requests[0][1].endswith(f'"params":{odd}}}')
    assert upstream.headers[1]["mcp-method"].startswith("=?base64?")
    assert "x-forged" not in upstream.headers[1]


async def test_the_protocols_headers_are_not_overridden_by_settings(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    own = {"MCP-Method": "forged", "Accept": "text/html", "X-Own": "1"}
    async with calling(upstream.url, Heard(), own, client=client) as carrier:
        await carrier.exchange(modern(1, "tools/list"))
    [fields] = upstream.headers
    assert fields["mcp-method"] == "tools/list"
    assert fields["accept"] == "application/json, text/event-stream"
    assert fields["x-own"] == "1"


async def test_a_missed_header_is_learned_from_the_tools_and_remembered(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    strict = Strict(tool("plain"), tool("routed", region="Region", zone="Zone"))
    upstream.answer = strict
    async with calling(upstream.url, Heard(), client=client) as carrier:
        for request_id in (1, 2):
            exchange = call_modern(request_id, "routed", region="Zürich", zone="b")
            answer = await carrier.exchange(exchange)
            assert text_of(answer) == "fine"
            assert answer.response.id.integer == request_id
    assert len(strict.listings) == 2
    assert [listing["_meta"] for listing in strict.listings] == [META, META]
    called = [fields for fields in upstream.headers if fields["mcp-method"] == "tools/call"]
    assert [fields.get("mcp-param-zone") for fields in called] == [None, "b", "b"]
    assert called[-1]["mcp-param-region"] == "=?base64?WsO8cmljaA==?="


async def test_a_mismatch_that_no_header_can_cure_is_the_answer(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        if message["method"] == "tools/list":
            return await Strict(tool("plain"))(request, message)
        return mismatch(message["id"])

    upstream.answer = answer
    async with calling(upstream.url, Heard(), client=client) as carrier:
        refused = await carrier.exchange(call_modern(1, "plain", region="a"))
    assert refused.response.error.code == -32020
    assert upstream.methods() == ["POST tools/call", "POST tools/list"]


async def test_a_call_is_sent_again_once_and_no_more(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        if message["method"] == "tools/list":
            return await Strict(tool("routed", region="Region"))(request, message)
        return mismatch(message["id"])

    upstream.answer = answer
    async with calling(upstream.url, Heard(), client=client) as carrier:
        refused = await carrier.exchange(call_modern(1, "routed", region="a"))
    assert refused.response.error.code == -32020
    assert upstream.methods() == ["POST tools/call", "POST tools/list", "POST tools/call"]


async def test_a_changed_tool_is_learned_anew(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    strict = Strict(tool("routed", region="Region"))
    upstream.answer = strict
    async with calling(upstream.url, Heard(), client=client) as carrier:
        await carrier.exchange(call_modern(1, "routed", region="a"))
        strict.tools = [tool("routed", region="Area")]
        assert text_of(await carrier.exchange(call_modern(2, "routed", region="a"))) == "fine"
    assert len(strict.listings) == 2
    assert "mcp-param-region" not in upstream.headers[-1]


async def test_an_announced_change_makes_it_forget(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    strict = Strict(tool("routed", region="Region"))
    changed = event(notification("notifications/tools/list_changed"))

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        if message["method"] == "subscriptions/listen":
            return events_response(changed, event(result(message["id"])))
        return await strict(request, message)

    upstream.answer = answer
    async with calling(upstream.url, heard := Heard(), client=client) as carrier:
        await carrier.exchange(call_modern(1, "routed", region="a"))
        await carrier.exchange(modern(2, "subscriptions/listen"))
        await heard.next("notifications/tools/list_changed")
        await carrier.exchange(call_modern(3, "routed", region="a"))
    called = [fields for fields in upstream.headers if fields["mcp-method"] == "tools/call"]
    assert ["mcp-param-region" in fields for fields in called] == [False, True, False, True]


async def test_calls_that_miss_headers_at_once_share_one_list(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    strict = Strict(tool("routed", region="Region"))
    all_refused = asyncio.Barrier(5)

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        response = await strict(request, message)
        if response.status_code == 400:
            await all_refused.wait()
        return response

    upstream.answer = answer
    async with calling(upstream.url, Heard(), client=client) as carrier:
        exchanges = [call_modern(number, "routed", region="a") for number in range(5)]
        answers = await asyncio.gather(*(carrier.exchange(each) for each in exchanges))
    assert {text_of(each) for each in answers} == {"fine"}
    assert len(strict.listings) == 1


async def test_a_call_that_is_refused_late_takes_what_another_has_learned(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    strict = Strict(tool("routed", region="Region"))
    refused, learned = asyncio.Event(), asyncio.Event()

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        response = await strict(request, message)
        if message["id"] == 2 and response.status_code == 400:
            refused.set()
            await learned.wait()
        return response

    upstream.answer = answer
    async with calling(upstream.url, Heard(), client=client) as carrier:
        late = asyncio.create_task(carrier.exchange(call_modern(2, "routed", region="b")))
        await refused.wait()
        await carrier.exchange(call_modern(1, "routed", region="a"))
        learned.set()
        assert text_of(await late) == "fine"
    assert len(strict.listings) == 1


async def test_a_list_without_end_is_not_read_to_its_end(
    upstream: Scripted, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_param_headers, "MAX_PAGES", 3)
    monkeypatch.setattr(http_param_headers, "MAX_TOOLS", 2)
    strict = Strict(*(tool(f"tool{number}", region="Region") for number in range(9)))
    upstream.answer = strict
    async with calling(upstream.url, Heard(), client=client) as carrier:
        codes = []
        for number in (2, 0):
            answer = await carrier.exchange(call_modern(1, f"tool{number}", region="a"))
            codes.append(answer.response.error.code)
    assert codes == [-32020, 0]
    assert len(strict.listings) == 3


@pytest.mark.parametrize(
    "listing",
    [
        json_response("no message"),
        json_response('{"jsonrpc":"2.0","id":"mcpgrpc-tools","error":{"code":1,"message":""}}'),
        json_response(result("mcpgrpc-tools", '{"tools":[7,{"name":"routed"},{"inputSchema":7}]}')),
        json_response(result("mcpgrpc-tools", '{"tools":7,"nextCursor":7}')),
        Response(status_code=500),
    ],
)
async def test_a_list_that_is_none_leaves_the_refusal_as_it_is(
    upstream: Scripted, client: httpx2.AsyncClient, listing: Response
) -> None:
    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        return listing if message["method"] == "tools/list" else mismatch(message["id"])

    upstream.answer = answer
    async with calling(upstream.url, Heard(), client=client) as carrier:
        refused = await carrier.exchange(call_modern(1, "routed", region="a"))
    assert refused.response.error.code == -32020


@pytest.mark.parametrize("status", [400, 404, 405, 406, 415, 422, 501])
async def test_an_older_server_does_not_know_discovery(
    upstream: Scripted, client: httpx2.AsyncClient, status: int
) -> None:
    upstream.always(lambda: Response("Bad Request", status))
    async with calling(upstream.url, Heard(), client=client) as carrier:
        answer = await carrier.exchange(modern(1, "server/discover"))
    assert answer.response.error.code == -32601
    assert f"HTTP {status}" in answer.response.error.message


@pytest.mark.parametrize("status", [307, 401, 403, 429, 500, 503])
async def test_a_server_that_fails_at_discovery_may_be_of_any_era(
    upstream: Scripted, client: httpx2.AsyncClient, status: int
) -> None:
    upstream.always(lambda: Response("", status))
    async with calling(upstream.url, Heard(), client=client) as carrier:
        with pytest.raises((ServiceError, ConnectionLost, ConnectError)):
            await carrier.exchange(modern(1, "server/discover"))


async def test_a_request_of_the_server_has_no_place_in_this_era(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    asking = '{"jsonrpc":"2.0","id":7,"method":"roots/list"}'
    parts = (event(asking), event(result(1, SAID)))
    upstream.always(lambda: events_response(*parts))
    async with calling(upstream.url, heard := Heard(), client=client) as carrier:
        assert text_of(await carrier.exchange(call_modern(1, "steps"))) == "fine"
    assert heard.asked.empty()
    assert len(upstream.requests) == 1


NUMBERS = '{"a":9007199254740993,"b":1e400,"c":"\\ud800","d":1.0,\n "e" : [ ]}'


async def test_text_passes_as_it_is_both_ways(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    upstream.always(lambda: json_response(result(1, NUMBERS)))
    async with calling(upstream.url, Heard(), client=client) as carrier:
        answered = await carrier.exchange(request(1, "tools/call", NUMBERS))
    assert answered.response.result_json == NUMBERS
    assert upstream.requests[0][1].endswith(f'"params":{NUMBERS}}}')


async def test_a_request_that_is_no_json_rpc_is_answered_and_not_sent(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    async with calling(upstream.url, Heard(), client=client) as carrier:
        answered = await carrier.exchange(request(1, "tools/call", "{"))
    assert answered.response.error.code == -32700
    assert answered.response.id.integer == 1
    assert upstream.requests == []
