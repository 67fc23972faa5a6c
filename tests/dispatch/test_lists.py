"""Lists from encoded text are never older than the registry, by whatever route it changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from mcp import types
from mcp.server import MCPServer
from mcp.server.caching import CacheHint
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import FunctionResource
from mcp.server.mcpserver.tools import Tool

from tests.dispatch.app import FEW, app
from tests.dispatch.sides import LEGACY, MODERN, Both

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")


def tool_of(server: MCPServer, name: str = "add") -> Any:
    return server._tool_manager._tools[name]


def replace_model(server: MCPServer) -> None:
    tool_of(server).annotations = types.ToolAnnotations(read_only_hint=False)


def own_annotations(server: MCPServer) -> None:
    class Loud(types.ToolAnnotations):
        def __init__(self) -> None:
            super().__init__(read_only_hint=True, title="LOUD")

    tool_of(server).annotations = Loud()


CHANGES: dict[str, tuple[str, Callable[[MCPServer], object]]] = {
    "a-decorator": ("tools/list", lambda s: s.tool(name="late")(lambda x: x)),
    "add-tool": ("tools/list", lambda s: s.add_tool(lambda x: x, name="late")),
    "remove-tool": ("tools/list", lambda s: s.remove_tool("add")),
    "the-dictionary-emptied": ("tools/list", lambda s: s._tool_manager._tools.clear()),
    "the-dictionary-replaced": ("tools/list", lambda s: setattr(s._tool_manager, "_tools", {})),
    "an-item-put-in-place": (
        "tools/list",
        lambda s: s._tool_manager._tools.__setitem__("add", tool_of(s, "text")),
    ),
    "the-order": (
        "tools/list",
        lambda s: s._tool_manager._tools.__setitem__("add", s._tool_manager._tools.pop("add")),
    ),
    "a-name": ("tools/list", lambda s: setattr(tool_of(s), "name", "renamed")),
    "a-title": ("tools/list", lambda s: setattr(tool_of(s), "title", "Another")),
    "a-description": ("tools/list", lambda s: setattr(tool_of(s), "description", "another")),
    "a-schema-replaced": (
        "tools/list",
        lambda s: setattr(tool_of(s), "parameters", {"type": "object"}),
    ),
    "a-schema-in-place": (
        "tools/list",
        lambda s: tool_of(s).parameters["properties"]["a"].update(description="deep"),
    ),
    "a-schema-that-is-equal-in-python-alone": (
        "tools/list",
        lambda s: tool_of(s, "bounded").parameters["properties"]["value"].update(minimum=False),
    ),
    "an-output-schema-in-place": (
        "tools/list",
        lambda s: tool_of(s).output_schema["properties"].update(more={"type": "null"}),
    ),
    "annotations-replaced": ("tools/list", replace_model),
    "annotations-in-place": (
        "tools/list",
        lambda s: setattr(tool_of(s).annotations, "destructive_hint", True),
    ),
    "annotations-of-another-class": ("tools/list", own_annotations),
    "meta-in-place": ("tools/list", lambda s: tool_of(s, "defaults").meta.update(owner="others")),
    "icons-in-place": ("tools/list", lambda s: tool_of(s, "defaults").icons.clear()),
    "an-icon-in-place": (
        "tools/list",
        lambda s: setattr(tool_of(s, "defaults").icons[0], "mime_type", "image/png"),
    ),
    "an-output-schema-that-was-read-before": (
        "tools/list",
        lambda s: tool_of(s).__dict__.update(output_schema={"type": "object"}),
    ),
    "add-prompt": (
        "prompts/list",
        lambda s: s.add_prompt(Prompt.from_function(lambda: "x", name="p")),
    ),
    "remove-prompt": ("prompts/list", lambda s: s.remove_prompt("greet")),
    "an-argument-in-place": (
        "prompts/list",
        lambda s: setattr(s._prompt_manager._prompts["greet"].arguments[0], "required", False),  # type: ignore[index]  # it has some
    ),
    "add-resource": (
        "resources/list",
        lambda s: s.add_resource(FunctionResource(uri="notes://late", fn=lambda: "x")),
    ),
    "a-resource-in-place": (
        "resources/list",
        lambda s: setattr(s._resource_manager._resources["notes://today"], "mime_type", "a/b"),
    ),
    "meta-of-a-resource-in-place": (
        "resources/list",
        lambda s: s._resource_manager._resources["notes://today"].meta.update(a=True),  # type: ignore[union-attr]  # it has some
    ),
    "add-template": (
        "resources/templates/list",
        lambda s: s.resource("late://{x}", name="late")(lambda x: x),
    ),
    "a-template-taken-away": (
        "resources/templates/list",
        lambda s: s._resource_manager._templates.clear(),
    ),
    "a-cache-hint": (
        "tools/list",
        lambda s: s._lowlevel_server.cache_hints.update({"tools/list": CacheHint(ttl_ms=5)}),
    ),
    "the-name-of-the-server": (
        "tools/list",
        lambda s: s._lowlevel_server.__dict__.update(
            _server_info_stamp_source={"name": "renamed", "version": "9"}
        ),
    ),
}

SAME_IN_THE_LEGACY_ERA = {"a-cache-hint", "the-name-of-the-server"}


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("name", CHANGES)
async def test_a_list_shows_a_change_of(name: str, revision: str) -> None:
    method, change = CHANGES[name]
    server = app(FEW)
    both = Both(server, revision)
    await both.start()
    await both.ask(method)
    before = await both.ask(method)
    assert before.ways == ["text"]

    change(server)
    after = await both.ask(method)
    if not (revision == LEGACY and name in SAME_IN_THE_LEGACY_ERA):
        assert after.answer != before.answer
    again = await both.ask(method)
    assert again.answer == after.answer


async def test_each_revision_has_a_text_of_its_own() -> None:
    server = app(FEW)
    modern, legacy = Both(server, MODERN), Both(server, LEGACY)
    await legacy.start()
    for _ in range(2):
        assert (await modern.ask("tools/list")).answer != (await legacy.ask("tools/list")).answer


async def test_a_list_that_has_no_text_of_its_own_is_made_anew() -> None:
    server = app(FEW)
    tool_of(server).meta = {"a set": {1}}
    both = Both(server)
    assert (await both.ask("tools/list")).ways == ["handler"]


async def test_a_list_that_the_sdk_would_log_is_made_by_it() -> None:
    both = Both(app(FEW))
    logger = logging.getLogger("mcp.server.mcpserver.resources.resource_manager")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        found = await both.ask("resources/list")
    finally:
        logger.setLevel(level)
    assert [message for _, _, message in found.logged] == ["Listing resources"]


async def test_a_subclass_of_a_tool_is_read_by_its_own_properties() -> None:
    class Dated(Tool):
        @property
        def own_description(self) -> str:
            return "own"

        def __getattribute__(self, name: str) -> Any:
            if name == "description":
                return f"read {super().__getattribute__('own_description')}"
            return super().__getattribute__(name)

    server = app(FEW)
    server._tool_manager._tools["add"] = Dated(**dict(tool_of(server)))
    assert "read own" in (await Both(server).ask("tools/list")).answer
