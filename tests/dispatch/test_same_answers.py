"""Hundreds of requests, good and bad, to the SDK's own runner and to ours: one answer, one log.

Verified with the release of the SDK that `internals.VERIFIED_RELEASE` names.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import pytest

from mcpgrpc_server.sdk import internals
from tests.dispatch.app import app
from tests.dispatch.other_tools import PRIVATE
from tests.dispatch.requests import OTHERS, WHOLE_PARAMS, Asked, asked
from tests.dispatch.sides import LEGACY, MODERN, OLDEST, Both

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")

APP = app()
TOOLS = [tool.name for tool in APP._tool_manager.list_tools()]
ASKED = asked(TOOLS)


def test_the_sdk_is_of_the_release_that_this_was_verified_with() -> None:
    assert version("mcp").startswith(f"{internals.VERIFIED_RELEASE}.")


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("each", ASKED, ids=lambda each: f"{each.method}:{each.label}")
async def test_both_answer_the_same(each: Asked, revision: str) -> None:
    both = Both(APP, revision)
    await both.start()
    found = await both.same(each.method, both.params(each.params, **each.meta))
    again = await both.same(each.method, both.params(each.params, **each.meta))
    assert again.answer == found.answer


@pytest.mark.parametrize("each", OTHERS, ids=lambda each: f"{each.method}:{each.label}")
async def test_both_answer_the_same_at_the_oldest_revision(each: Asked) -> None:
    both = Both(APP, OLDEST)
    await both.start()
    await both.same(each.method, both.params(each.params))


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("name", WHOLE_PARAMS)
async def test_both_answer_the_same_to_an_odd_envelope(name: str, revision: str) -> None:
    both = Both(APP, revision)
    await both.start()
    # First one that is right, which must not vouch for those after it.
    await both.call("add", a=1, b=2)
    await both.same("tools/call", WHOLE_PARAMS[name])


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
async def test_an_envelope_that_equals_a_good_one_in_python_alone_is_judged_anew(
    revision: str,
) -> None:
    both = Both(APP, revision)
    await both.start()
    call = {"name": "look", "arguments": {}}
    name = "io.modelcontextprotocol/clientCapabilities"
    for flag in (True, 1, 1.0, False, 0, "true"):
        told: dict[str, Any] = {"sampling": {"tools": {}}, "experimental": {"a": {"b": flag}}}
        found = await both.same("tools/call", both.params(call, **{name: told}))
        assert f'"b": {json.dumps(flag)}' in found.answer


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize(
    "tool", ["value_error", "value_error_in_a_thread", "value_error_with_a_context", "key_error"]
)
async def test_the_text_of_a_crash_stays_in_the_log(tool: str, revision: str) -> None:
    both = Both(APP, revision)
    await both.start()
    found = await both.call(tool)
    assert PRIVATE not in found.answer
    assert [(level, message) for _, level, message in found.logged] == [
        ("ERROR", f"Tool {tool!r} raised an unexpected exception")
    ]


async def test_a_second_round_is_the_sdks() -> None:
    both = Both(APP)
    first = await both.call("asks_with_a_context")
    assert "input_required" in first.answer
    server = APP._lowlevel_server
    boundary: Any = next(each for each in server.middleware if hasattr(each, "_seal"))

    class Round:
        method = "tools/call"
        params = {"name": "asks_with_a_context", "arguments": {}}  # noqa: RUF012  # of one use

    state = boundary._seal(Round, "state of the tool")
    again = {"name": "asks_with_a_context", "arguments": {}, "requestState": state}
    found = await both.same("tools/call", both.params(again))
    assert "back with state of the tool" in found.answer
    assert found.ways == ["kernel"]
