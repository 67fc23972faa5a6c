"""One tree from a client through the HTTP door and Envoy to a tool's own span."""

from __future__ import annotations

from pathlib import Path

from mcpgrpc import Client
from mcpgrpc.testing import serving
from tests.doors.door import open_door
from tests.interop.envoy import envoy_before
from tests.tracing.app import adding
from tests.tracing.collected import Collected, collecting

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ADD = {"name": "add", "arguments": {"a": 1, "b": 2}}


def parents(spans: Collected, name: str) -> set[str]:
    """The ids of the parents of the spans of a name."""
    return {f"{span.parent.span_id:016x}" for span in spans.named(name) if span.parent}


async def test_a_call_through_the_door_and_envoy_is_one_tree(tmp_path: Path) -> None:
    with collecting() as spans:
        async with (
            serving(adding()) as address,
            envoy_before(address, tmp_path) as proxy,
            open_door(proxy) as door,
        ):
            # The door asks once what headers the tools want.
            await door.modern("tools/call", {"name": "trace_id", "arguments": {"x": 1}})
            answer = await door.modern("tools/call", ADD, traceparent=PARENT)
            session = await door.initialize()
            call = {"id": 2, "method": "tools/call", "params": ADD}
            legacy = await door.legacy(call, session, traceparent=PARENT.replace("0af7", "1af7"))
    assert (answer.status_code, legacy.status_code) == (200, 200)
    for one in spans.named("INTERNAL adding"):
        assert one.context is not None
        assert spans.tree_of(one.context.trace_id) == [
            "SERVER tools/call add",
            "  SERVER tools/call add",
            "    INTERNAL adding",
        ]
    assert len(spans.named("INTERNAL adding")) == 2
    assert PARENT[36:52] in parents(spans, "SERVER tools/call add")


async def test_our_own_client_through_envoy_is_one_tree(tmp_path: Path) -> None:
    with collecting() as spans:
        async with (
            serving(adding()) as address,
            envoy_before(address, tmp_path) as proxy,
            Client(proxy, timeout_seconds=60) as client,
        ):
            await client.call_tool("add", {"a": 1, "b": 2})
    assert spans.tree("INTERNAL adding") == [
        "CLIENT tools/call add",
        "  SERVER tools/call add",
        "    INTERNAL adding",
    ]
