"""The same rows at every door: HTTP of both eras, and WebSocket, in front of the same server."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from mcpgrpc_server import Server
from tests.authentication.matrix import assert_hides
from tests.authentication.served import Guarded, Metadata, served
from tests.authentication.test_api_key_matrix import GOOD as GOOD_KEY
from tests.authentication.test_api_key_matrix import RING
from tests.authentication.test_api_key_matrix import ROWS as KEY_ROWS
from tests.authentication.test_token_matrix import GOOD as GOOD_TOKEN
from tests.authentication.test_token_matrix import KEY
from tests.authentication.test_token_matrix import ROWS as TOKEN_ROWS
from tests.authentication.token_issuer import AUDIENCE, ISSUER, key_set, rsa_key
from tests.doors.door import Door, initialize_request, legacy_headers, modern_request, open_door

SECONDS = 50
REFUSED = 16
NOT_TAKEN = {"an API key where none is taken", "a token as an API key"}
NO_TOKEN = {"a token, which nobody checks"}
ROWS = {
    **{f"token: {name}": row for name, row in TOKEN_ROWS.items() if name not in NOT_TAKEN},
    **{f"key: {name}": row for name, row in KEY_ROWS.items() if name not in NO_TOKEN},
    "nothing at all": ((), "credentials are needed"),
}
GOOD: dict[str, Metadata] = {
    "token": (("authorization", f"Bearer {GOOD_TOKEN}"),),
    "key": (("authorization", f"Bearer {GOOD_KEY}"),),
    "key in its header": (("x-api-key", GOOD_KEY),),
}

Way: TypeAlias = Callable[[Door, Metadata], Awaitable[tuple[int, str]]]
"""Calls the tool with some headers; gives the code of the refusal, or 0, and what was said."""


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[tuple[Server, Guarded]]:
    jwks = tmp_path / "jwks.json"
    jwks.write_bytes(key_set(KEY, rsa_key()))
    keys = RING.save(tmp_path / "keys.toml")
    async with served(
        jwt_issuer=ISSUER, jwt_audience=[AUDIENCE], jwks=str(jwks), api_keys=keys
    ) as started:
        yield started


@pytest.fixture
async def door(guarded: tuple[Server, Guarded]) -> AsyncIterator[Door]:
    async with open_door(guarded[0].addresses[0]) as opened:
        yield opened


async def posted(door: Door, content: str, fields: dict[str, str], presented: Metadata) -> Any:
    # Space at the end of a field is no part of its value.
    headers = [*fields.items(), *((name, value.strip()) for name, value in presented)]
    answer = await door.http.post(door.mcp, content=content, headers=headers)
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    return answer


async def modern(door: Door, presented: Metadata) -> tuple[int, str]:
    content, fields = modern_request("tools/call", {"name": "greet", "arguments": {}})
    answer = await posted(door, content, fields, presented)
    return _code(answer.status_code), answer.text


async def legacy(door: Door, presented: Metadata) -> tuple[int, str]:
    content = json.dumps({"jsonrpc": "2.0", **initialize_request()})
    answer = await posted(door, content, legacy_headers(), presented)
    return _code(answer.status_code), answer.text


async def websocket(door: Door, presented: Metadata) -> tuple[int, str]:
    content, _ = modern_request("tools/call", {"name": "greet", "arguments": {}})
    async with connect(door.ws, additional_headers=list(presented), proxy=None) as socket:
        try:
            await socket.send(content)
            text = str(await socket.recv())
        except ConnectionClosed as closed:
            return REFUSED, "" if closed.rcvd is None else closed.rcvd.reason
    error = json.loads(text).get("error", {"code": 0})
    return error["code"], text


def _code(status: int) -> int:
    """A request that a door does not carry at all, such as one with two credentials, is 400."""
    return {200: 0, 401: REFUSED, 400: REFUSED}.get(status, status)


WAYS: dict[str, Way] = {"modern": modern, "legacy": legacy, "websocket": websocket}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_door_lets_in_nobody_whom_the_server_does_not(
    guarded: tuple[Server, Guarded], door: Door, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "mcpgrpc")
    async with asyncio.timeout(SECONDS):
        for name, (presented, why) in ROWS.items():
            code, said = await way(door, presented)
            assert code == REFUSED, (name, said)
            assert any(each in said for each in (*why.split("|"), "more than once")), (name, said)
            assert_hides(presented, said)
            assert_hides(presented, caplog.text)
    assert guarded[1].callers == []


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("presented", GOOD.values(), ids=GOOD)
async def test_a_door_passes_on_a_good_credential_and_shows_it_to_nobody(
    guarded: tuple[Server, Guarded], door: Door, way: Way, presented: Metadata
) -> None:
    assert (await way(door, presented))[0] == 0
    assert guarded[1].callers[-1].subject != "anonymous"
    assert not {"authorization", "x-api-key"} & guarded[1].headers.keys()
