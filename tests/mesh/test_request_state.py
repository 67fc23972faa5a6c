"""A question that one replica asked is answered at another, where they share keys (trap 15)."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mcpgrpc import Client
from mcpgrpc.errors import RemoteError
from tests.fleet.replicas import CAPABILITIES, Call, Round, booked
from tests.mesh.replicas import Replica, replicas

pytestmark = pytest.mark.timeout(100)


@asynccontextmanager
async def caller_of(replica: Replica) -> AsyncIterator[Call]:
    async with Client(replica.address, capabilities=CAPABILITIES) as client:

        async def call(params: dict[str, Any]) -> dict[str, Any]:
            try:
                return {"result": await client.request("tools/call", params)}
            except RemoteError as error:
                return {"error": {"code": error.code, "data": error.data}}

        yield call


@pytest.mark.parametrize("shared", [True, False], ids=["a shared key file", "keys of their own"])
async def test_a_retry_at_another_replica_needs_a_shared_key(tmp_path: Path, shared: bool) -> None:
    keys = tmp_path / "state.keys"
    keys.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    keys.chmod(0o600)
    options = ("--state-keys", str(keys)) if shared else ()
    async with replicas(tmp_path, options, count=2) as fleet:
        first, second = fleet.each
        async with caller_of(first) as ask, caller_of(second) as answer:
            question = await Round.begin(ask)
            assert booked(await question.answer(answer)) is shared
            assert booked(await question.answer(ask))
