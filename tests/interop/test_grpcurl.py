"""grpcurl in front of the typed services: what it finds by itself, and what it shows of them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.authentication.key_ring import KeyRing
from tests.interop.conftest import EXAMPLES, Ended, run, served
from tests.interop.envoy import descriptor_set
from tests.interop.programs import required
from tests.transport_security.authority import FilingAuthority

EVERYTHING = str(EXAMPLES / "everything.py")
SERVICES = ("Completion", "Discovery", "Prompts", "Resources", "Subscriptions", "Tools")
STEP_SECONDS = 60
INVALID_ARGUMENT = 64 + 3
UNAUTHENTICATED = 64 + 16
ADD = {"name": "add", "arguments_json": '{"a":1,"b":2}'}


def values_in(text: str) -> list[Any]:
    """JSON values that stand one after the other."""
    found, decoder = [], json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


@dataclass(frozen=True)
class Grpcurl:
    """grpcurl, and the server that it asks."""

    address: str
    options: tuple[str, ...] = ("-plaintext",)

    def command(self, *words: str, data: Any = None) -> list[str]:
        request = [] if data is None else ["-d", json.dumps(data)]
        return [required("grpcurl"), *self.options, *request, self.address, *words]

    async def ended(self, *words: str, data: Any = None) -> Ended:
        return await run(self.command(*words, data=data), environment=os.environ)

    async def answers(self, rpc: str, data: Any) -> list[Any]:
        """Every message that an RPC answers."""
        ended = await self.ended(f"mcpgrpc.v1.{rpc}", data=data)
        assert ended.code == 0, ended.errors
        return values_in(ended.output)

    @asynccontextmanager
    async def stream(self, rpc: str, data: Any) -> AsyncIterator[asyncio.subprocess.Process]:
        """An RPC that is given up at the end of the context."""
        process = await asyncio.create_subprocess_exec(
            *self.command(f"mcpgrpc.v1.{rpc}", data=data),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def message_of(process: asyncio.subprocess.Process) -> Any:
    """The next message of a stream; grpcurl closes one with a brace in the first column."""
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(STEP_SECONDS):
        while not lines or lines[-1] != "}\n":
            line = await process.stdout.readline()
            assert line, "the stream ended"
            lines.append(line.decode())
    return json.loads("".join(lines))


@pytest.fixture
def grpcurl(everything: str) -> Grpcurl:
    return Grpcurl(everything)


async def test_reflection_lists_and_describes_the_typed_services(grpcurl: Grpcurl) -> None:
    listed = (await grpcurl.ended("list")).output.split()
    assert {f"mcpgrpc.v1.{name}Service" for name in SERVICES} <= set(listed)
    methods = (await grpcurl.ended("list", "mcpgrpc.v1.ToolsService")).output.split()
    assert methods == [
        f"mcpgrpc.v1.ToolsService.{n}" for n in ("CallTool", "ListTools", "WatchTool")
    ]
    described = await grpcurl.ended("describe", "mcpgrpc.v1.ToolsService.CallTool")
    assert "rpc CallTool ( .mcpgrpc.v1.CallToolRequest )" in described.output
    message = await grpcurl.ended("describe", ".mcpgrpc.v1.CallToolRequest")
    assert "optional string arguments_json" in message.output


async def test_tools_are_listed_and_called(grpcurl: Grpcurl) -> None:
    (listed,) = await grpcurl.answers("ToolsService/ListTools", {})
    assert "add" in {tool["name"] for tool in listed["complete"]["tools"]}
    (called,) = await grpcurl.answers("ToolsService/CallTool", ADD)
    assert called["complete"]["content"] == [{"text": {"text": "3"}}]
    assert called["complete"]["structured_content_json"] == '{"result":3}'


async def test_binary_contents_of_a_resource_are_bytes(grpcurl: Grpcurl) -> None:
    uri = {"uri": "everything://pixel"}
    (read,) = await grpcurl.answers("ResourcesService/ReadResource", uri)
    assert read["complete"]["contents"][0]["blob"].startswith("iVBORw0KGgo")


async def test_a_watched_tool_tells_its_progress_before_its_result(grpcurl: Grpcurl) -> None:
    call = {"name": "countdown", "arguments_json": '{"steps":3}'}
    events = await grpcurl.answers("ToolsService/WatchTool", {"call": call})
    assert [list(event) for event in events] == [["progress"]] * 3 + [["result"]]
    assert [event["progress"]["progress"] for event in events[:3]] == [1, 2, 3]


async def test_a_watched_tool_is_cancelled_when_its_caller_goes(tmp_path: Path) -> None:
    async with served(tmp_path / "log", EVERYTHING) as address:
        grpcurl = Grpcurl(address)
        call = {"name": "slow", "arguments_json": '{"seconds":60}'}
        async with grpcurl.stream("ToolsService/WatchTool", {"call": call}) as watching:
            assert "progress" in await message_of(watching)
        asked = {"name": "cancelled_calls"}
        async with asyncio.timeout(STEP_SECONDS):
            told: list[Any] = []
            while not told:
                (answer,) = await grpcurl.answers("ToolsService/CallTool", asked)
                told = json.loads(answer["complete"]["structured_content_json"])["result"]
    assert told == ["1"]


async def test_a_subscription_hears_of_changes_until_it_is_given_up(tmp_path: Path) -> None:
    async with served(tmp_path / "log", EVERYTHING) as address:
        grpcurl = Grpcurl(address)
        wanted = {"notifications": {"tools_list_changed": True}}
        async with grpcurl.stream("SubscriptionsService/Listen", wanted) as listening:
            assert "acknowledged" in await message_of(listening)
            await grpcurl.answers("ToolsService/CallTool", {"name": "toggle_extra"})
            assert "tools_list_changed" in await message_of(listening)
        await grpcurl.answers("ToolsService/CallTool", ADD)


async def test_an_error_is_shown_with_its_details(grpcurl: Grpcurl) -> None:
    uri = {"uri": "everything://weather/Rome"}
    ended = await grpcurl.ended("mcpgrpc.v1.ResourcesService/ReadResource", data=uri)
    assert ended.code == INVALID_ARGUMENT
    assert "Message: No weather for 'Rome'." in ended.errors
    (error,) = values_in(ended.errors[ended.errors.index("{") : ended.errors.rindex("}") + 1])
    assert error["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (error["domain"], error["reason"]) == ("mcp", "INVALID_PARAMS")
    assert error["metadata"]["code"] == "-32602"


async def test_tls_and_an_api_key_open_reflection_and_calls(tmp_path: Path) -> None:
    authority, ring = FilingAuthority(tmp_path), KeyRing()
    pair = authority.issue("localhost")
    keys = ring.save(tmp_path / "keys.toml")
    words = ("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key), "--api-keys", keys)
    async with served(tmp_path / "log", EVERYTHING, *words) as address:
        trusting = ("-cacert", str(authority.certificate))
        here = f"localhost:{address.rpartition(':')[2]}"
        stranger = Grpcurl(here, (*trusting, "-protoset", str(descriptor_set(tmp_path))))
        refused = await stranger.ended("mcpgrpc.v1.ToolsService/CallTool", data=ADD)
        assert refused.code == UNAUTHENTICATED
        assert '"execution": "NOT_STARTED"' in refused.errors
        bearer = f"authorization: Bearer {ring.good}"
        known = Grpcurl(here, (*trusting, "-H", bearer))
        assert "mcpgrpc.v1.ToolsService" in (await known.ended("list")).output
        (called,) = await known.answers("ToolsService/CallTool", ADD)
        assert called["complete"]["content"] == [{"text": {"text": "3"}}]
        untrusting = Grpcurl(here, ("-H", bearer))
        assert (await untrusting.ended("list")).code != 0


async def test_a_descriptor_set_takes_the_place_of_reflection(tmp_path: Path) -> None:
    async with served(tmp_path / "log", EVERYTHING, "--no-reflection") as address:
        without = await Grpcurl(address).ended("mcpgrpc.v1.ToolsService/CallTool", data=ADD)
        assert without.code != 0
        assert "reflection" in without.errors
        protoset = ("-plaintext", "-protoset", str(descriptor_set(tmp_path)))
        (called,) = await Grpcurl(address, protoset).answers("ToolsService/CallTool", ADD)
    assert called["complete"]["content"] == [{"text": {"text": "3"}}]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 0),
        (("-service", "mcpgrpc.v1.ToolsService"), 0),
        (("-service", "mcpgrpc.v1.NoService"), 3),
        (("-connect-timeout", "1s", "-tls"), 2),
    ],
    ids=["the server", "a service", "no service", "wrongly by TLS"],
)
async def test_a_health_probe_tells_what_is_served(
    everything: str, words: Sequence[str], code: int
) -> None:
    probe = required("grpc-health-probe")
    ended = await run([probe, "-addr", everything, *words], environment=os.environ)
    assert ended.code == code, ended.errors
    assert ("status: SERVING" in ended.output + ended.errors) == (code == 0)
