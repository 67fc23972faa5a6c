"""The HTTP client of upstreams: whom it trusts, what it keeps, and what it never says."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from mcpgrpc.errors import ConnectError, McpGrpcError, UsageError
from mcpgrpc_server.upstream.http.client import open_http_client
from tests.transport_security.authority import Authority
from tests.upstream.http_carriers import (
    Heard,
    call_modern,
    calling,
    modern,
    said,
    session,
    text_of,
)
from tests.upstream.http_servers import (
    Scripted,
    free_port,
    json_response,
    result,
    scripted,
    served,
    session_answers,
)

SAID = '{"content":[{"type":"text","text":"fine"}]}'


async def test_a_certificate_is_trusted_by_its_authority_and_not_without(tmp_path: Path) -> None:
    authority = Authority()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.root.pem)
    script = Scripted()
    script.always(lambda: json_response(result(1, SAID)))
    async with served(script.app, certificate=authority.server().files(tmp_path)) as url:
        async with (
            open_http_client(ca_file=ca_file) as client,
            calling(url, Heard(), client=client) as carrier,
        ):
            assert text_of(await carrier.exchange(call_modern(1, "steps"))) == "fine"
        async with calling(url, Heard()) as carrier:
            with pytest.raises(ConnectError, match="certificate is not trusted"):
                await carrier.exchange(call_modern(1, "steps"))
    assert len(script.requests) == 1


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_that_holds_no_authority_is_refused_by_its_name(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"CA file .*ca\.pem"):
        open_http_client(ca_file=path)


async def test_cookies_of_one_caller_do_not_go_out_with_another() -> None:
    async with scripted() as upstream:
        upstream.always(lambda: json_response(result(1, SAID), set_cookie="session=alice"))
        async with calling(upstream.url, Heard()) as carrier:
            for _ in range(2):
                await carrier.exchange(call_modern(1, "steps"))
        assert not any("cookie" in fields for fields in upstream.headers)


async def test_the_environment_names_no_proxy_and_no_credential(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login alice password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    async with scripted() as upstream:
        upstream.always(lambda: json_response(result(1, SAID)))
        async with calling(upstream.url, Heard()) as carrier:
            assert text_of(await carrier.exchange(call_modern(1, "steps"))) == "fine"
        assert "authorization" not in upstream.headers[0]


async def test_a_connection_is_used_again_after_an_answer_in_events() -> None:
    ports: set[int] = set()

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert request.client is not None
        ports.add(request.client.port)
        return Response(f"data: {result(1, SAID)}\n\n", media_type="text/event-stream")

    async with scripted() as upstream:
        upstream.answer = answer
        async with calling(upstream.url, Heard()) as carrier:
            for _ in range(5):
                await carrier.exchange(call_modern(1, "steps"))
                # One turn of the loop, in which the end of the stream is read behind the answer.
                await asyncio.sleep(0)
    assert len(ports) < 5


SECRETS = ("alice", "pa55", "t0ken", "h3ader", "sess1on-id")


async def test_no_url_and_no_header_is_ever_logged_or_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []

    async def done(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        if message["params"].get("name") == "steps":
            return json_response(result(message["id"], SAID))
        return Response("", 401, {"www-authenticate": "Bearer h3ader"})

    caplog.set_level(logging.DEBUG)
    headers = {"X-Key": "h3ader"}
    async with scripted() as upstream:
        upstream.answer = session_answers(done, session_id="sess1on-id")
        secret = upstream.url.replace("http://", "http://alice:pa55@") + "?key=t0ken"
        closed = f"http://alice:pa55@127.0.0.1:{free_port()}/mcp?key=t0ken"
        async with session(secret, Heard(), headers=headers) as carrier:
            await carrier.exchange(call_modern(2, "steps"))
            await carrier.notify(said("notifications/roots/list_changed"))
            told.append(await _failure(carrier))
        for url in (secret, closed):
            async with calling(url, Heard(), headers) as calls:
                told.append(await _failure(calls))
        assert upstream.headers[0]["authorization"].startswith("Basic ")
    assert "refuses this server's credential (HTTP 401)" in caplog.text
    for line in (*told, caplog.text):
        assert not any(secret in line for secret in SECRETS)


async def _failure(carrier: Any) -> str:
    with pytest.raises(McpGrpcError) as raised:
        await carrier.exchange(modern(1, "tools/list"))
    return str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1/t0ken",
        "ftp://alice:pa55@x/?key=t0ken",
        "http://alice:pa55@",
        "alice:pa55@x",
        "",
        "http://x:pa55/mcp",
        "http://\ud800/t0ken",
    ],
)
async def test_a_url_that_is_none_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(UsageError, match="'files'") as refused:
        async with calling(url, Heard()):
            raise AssertionError("there is no carrier to such a URL")
    assert not any(secret in str(refused.value) for secret in SECRETS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Key", "h3ader\r\nx: 1"), ("X-Key", "h3ader\u00e9"), ("X Key", "h3ader"), ("", "h3ader")],
)
async def test_a_header_that_is_none_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(name))) as refused:
        async with session("http://127.0.0.1/mcp", Heard(), headers={name: value}):
            raise AssertionError("there is no carrier with such a header")
    assert not any(secret in str(refused.value) for secret in SECRETS)


async def test_other_users_of_the_http_library_log_as_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with scripted() as upstream, open_http_client() as client:
        upstream.always(lambda: json_response(result(1, SAID)))
        await client.get(upstream.url)
    assert f"HTTP Request: GET {upstream.url}" in caplog.text
