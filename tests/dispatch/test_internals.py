"""Says which attribute of the SDK has moved, where a direct way would read or leave it out."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.server import MCPServer
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.mcpserver.prompts import PromptManager
from mcp.server.mcpserver.resources import ResourceManager
from mcp.server.mcpserver.tools import Tool, ToolManager
from mcp.server.runner import ServerRunner
from mcp.shared import _otel
from opentelemetry import trace

from tests.dispatch.app import FEW, app

APP = app(FEW)
OWNERS: dict[str, Any] = {
    "the server": MCPServer,
    "a server": APP,
    "the low-level server": Server,
    "a low-level server": APP._lowlevel_server,
    "the runner": ServerRunner,
    "the tools": ToolManager,
    "the tools of a server": APP._tool_manager,
    "the resources": ResourceManager,
    "the resources of a server": APP._resource_manager,
    "the prompts": PromptManager,
    "the prompts of a server": APP._prompt_manager,
    "the tool": Tool,
    "a tool": APP._tool_manager.list_tools()[0],
    "a modern connection": Connection.from_envelope("2026-07-28", None, None),
    "the SDK's tracing": _otel,
    "its tracer": _otel._tracer,
    "OpenTelemetry": trace,
}
USED = {
    "the server": "_handle_call_tool _handle_list_tools _handle_list_prompts _handle_list_resources"
    " _handle_list_resource_templates call_tool list_tools list_prompts list_resources"
    " list_resource_templates",
    "a server": "_tool_manager _prompt_manager _resource_manager",
    "the low-level server": "_handle_discover get_capabilities server_info server_info_stamp",
    "a low-level server": "_request_handlers _server_info_stamp_source middleware cache_hints"
    " extensions instructions",
    "the runner": "on_request _on_request _compose_server_middleware _serialize _stamp_server_info",
    "the tools": "get_tool call_tool list_tools",
    "the tools of a server": "_tools warn_on_duplicate_tools",
    "the resources": "list_resources list_templates",
    "the resources of a server": "_resources _templates warn_on_duplicate_resources",
    "the prompts": "list_prompts",
    "the prompts of a server": "_prompts warn_on_duplicate_prompts",
    "the tool": "run",
    "a tool": "context_kwarg resolved_params output_schema",
    "a modern connection": "client_capabilities _client_params initialized state exit_stack",
    "the SDK's tracing": "_tracer",
    "its tracer": "_real_tracer",
    "OpenTelemetry": "_TRACER_PROVIDER",
}


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in USED.items() for name in names.split()]
)
def test_the_sdk_still_has(owner: str, name: str) -> None:
    assert hasattr(OWNERS[owner], name), f"{owner} has no {name} any more"


@pytest.mark.parametrize(
    "owner", ["the tools of a server", "the resources of a server", "the prompts of a server"]
)
def test_a_manager_holds_nothing_that_was_not_there_before(owner: str) -> None:
    assert vars(OWNERS[owner]).keys() == set(USED[owner].split())
