"""The Python client over the end of its credential: requests go on, a legacy session is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client as SdkClient
from mcp.shared.exceptions import MCPError

import mcpgrpc
from mcpgrpc import Client
from mcpgrpc.credentials import ApiKeyFile
from mcpgrpc.errors import ConnectionLost, ServiceError
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.authentication.api_key_interceptor import ApiKeyInterceptor
from mcpgrpc_server.authentication.api_keys import ApiKeys
from mcpgrpc_server.authentication.required_interceptor import RequiredInterceptor
from mcpgrpc_server.authentication.rpc_interception import RpcInterceptor, RpcOpening
from mcpgrpc_server.identity import current_identity
from tests.authentication.key_ring import HOLDER, KeyRing
from tests.wire.app import Probe, build
from tests.wire.raw import within

RING = KeyRing()
KEYS = [RING.add(HOLDER) for _ in range(200)]
REVOKED = KeyRing().good


class EndsSoon(RpcInterceptor):
    """Has every key end in a moment, and notes which ones were taken."""

    def __init__(self, lives_seconds: float) -> None:
        self.taken: list[str] = []
        self._lives_seconds = lives_seconds

    async def before(self, rpc: RpcOpening) -> None:
        assert rpc.presented is not None
        self.taken.append(rpc.presented.secret)
        expires_at = datetime.now(UTC) + timedelta(seconds=self._lives_seconds)
        rpc.by_credential(replace(current_identity.get(), expires_at=expires_at))


Serve = Callable[..., Awaitable[tuple[str, EndsSoon]]]


@asynccontextmanager
async def serving(
    folder: Path, lives_seconds: float = 0.4, **settings: Any
) -> AsyncIterator[tuple[str, EndsSoon]]:
    """A server of the test app that takes the ring's keys, each for so long."""
    keys, ends = ApiKeys(RING.save(folder / "keys.toml")), EndsSoon(lives_seconds)
    required = RequiredInterceptor("a key", allow_anonymous=False, open_services=())
    server = Server(
        build(Probe()),
        listen=["127.0.0.1:0"],
        settings=ServerSettings.model_validate({"token_notice_seconds": 0.1, **settings}),
        interceptors=[ApiKeyInterceptor(keys), required, ends],
    )
    async with server:
        yield server.addresses[0], ends


def given(*keys: str) -> Callable[[], Awaitable[str]]:
    """A source that gives these, one after another."""
    left = iter(keys)

    async def token() -> str:
        return next(left)

    return token


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_stateless_requests_go_on_with_fresh_keys_and_nobody_notices(
    tmp_path: Path, rpc: str
) -> None:
    async with serving(tmp_path) as (target, ends):
        answers: list[int] = []

        async def ask(client: Client, worker: int) -> None:
            while len(set(ends.taken)) < 4:
                result = await client.call_tool("echo", {"value": worker})
                answers.append(result.structured_content["value"])
                await asyncio.sleep(0.01 if rpc == "call" else 0)

        async with Client(target, rpc=rpc, token=given(*KEYS)) as client:
            await within(asyncio.gather(*(ask(client, worker) for worker in range(4))))
    assert set(answers) == {0, 1, 2, 3}


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_a_key_that_is_refused_is_tried_no_more_when_there_is_a_fresh_one(
    tmp_path: Path, rpc: str
) -> None:
    async with (
        serving(tmp_path, lives_seconds=3_600) as (target, ends),
        Client(target, rpc=rpc, token=given(REVOKED, *KEYS)) as client,
    ):
        assert (await client.call_tool("echo", {"value": 1})).structured_content == {"value": 1}
    assert ends.taken[0] in KEYS


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_a_key_that_is_refused_and_stays_the_same_is_an_error_at_once(
    tmp_path: Path, rpc: str
) -> None:
    (tmp_path / "secret").write_text(REVOKED)
    async with serving(tmp_path) as (target, ends):
        with pytest.raises(ServiceError, match="the API key is not valid") as caught:
            async with Client(
                target,
                rpc=rpc,
                token=ApiKeyFile(tmp_path / "secret"),
                connect_timeout_seconds=600,
            ) as client:
                await client.call_tool("echo", {"value": 1})
    assert (caught.value.reason, caught.value.execution) == ("UNAUTHENTICATED", "NOT_STARTED")
    assert REVOKED not in str(caught.value)
    assert ends.taken == []


async def test_a_key_is_read_from_its_file_again_for_every_stream(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(KEYS[0])
    async with (
        serving(tmp_path) as (target, ends),
        Client(target, token=ApiKeyFile(secret)) as client,
    ):
        await client.call_tool("echo", {"value": 1})
        rotate(secret, KEYS[1])
        async with asyncio.timeout(10):
            while KEYS[1] not in ends.taken:
                await client.call_tool("echo", {"value": 2})
    assert set(ends.taken) == {KEYS[0], KEYS[1]}


def rotate(secret: Path, key: str) -> None:
    draft = secret.with_suffix(".new")
    draft.write_text(key)
    draft.replace(secret)


async def test_a_legacy_session_ends_and_says_that_its_credential_has(tmp_path: Path) -> None:
    told: asyncio.Queue[object] = asyncio.Queue()

    async def tell(message: object) -> None:
        told.put_nowait(message)

    async with serving(tmp_path) as (target, ends):
        transport = mcpgrpc.transport(target, token=given(*KEYS))
        async with SdkClient(transport, mode="legacy", message_handler=tell) as client:
            # In these words, or in the SDK's where it has seen the end before it asks.
            with pytest.raises(MCPError, match=r"credential|Connection closed"):
                await within(call_for_ever(client))
            end = await within(told.get())
            with pytest.raises(MCPError):
                await client.call_tool("echo", {"value": 1})
    assert isinstance(end, ConnectionLost)
    assert "credential" in str(end)
    assert told.empty(), "once"
    assert len(ends.taken) == 1, "nothing goes on under another identity"


async def call_for_ever(client: SdkClient) -> None:
    while True:
        await client.call_tool("echo", {"value": 1})
