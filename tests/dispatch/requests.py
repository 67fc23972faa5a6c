"""The requests that both sides are asked: good, bad and odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.dispatch.sides import ENVELOPE

PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"


class Asked(NamedTuple):
    """A request; `params` are what a client adds to the envelope of its revision."""

    label: str
    method: str
    params: dict[str, Any] | None
    meta: Mapping[str, Any] = MappingProxyType({})


ARGUMENTS: dict[str, list[Any]] = {
    "add": [
        {"a": 1, "b": 2},
        {"a": "1", "b": "2"},
        {"a": 1.0, "b": True},
        {"a": 1.5, "b": 2},
        {"a": 2**70, "b": -(2**70)},
        {"a": 1},
        {},
        None,
        {"a": 1, "b": 2, "c": 3},
        {"a": None, "b": None},
        {"a": [1], "b": {"x": 1}},
        {"a": 1, "b": 2, "☃": 3},
        {"a": 1, "b": 2, "\ud800": 3},
    ],
    "add_in_a_thread": [{"a": 1, "b": 2}, {"a": "x", "b": 2}, {}],
    "add_unstructured": [{"a": 1, "b": 2}],
    "defaults": [
        {},
        None,
        {"count": 4},
        {"tags": '["x", "y"]'},
        {"tags": "no list"},
        {"count": "4"},
    ],
    "point": [
        {"at": {"x": 1}},
        {"at": {"x": 1, "y": 2, "theLabel": "l"}},
        {"at": '{"x": 1}'},
        {"at": {"x": "one"}},
        {"at": {}},
        {"at": None},
    ],
    "anything": [
        {"value": None},
        {"value": True},
        {"value": 1.25},
        {"value": 2**64},
        {"value": "text"},
        {"value": '{"json": "in a string"}'},
        {"value": "[" * 2_000},
        {"value": [1, [2, [3]]]},
        {"value": {"a": {"b": None}}},
        {},
    ],
    "text": [{"value": "snow ☃ \u0000"}, {"value": "lone \ud800"}, {"value": 1}, {"value": "1"}],
    "bounded": [{"value": 3}, {"value": 11}, {"value": -1}],
    "shadowing": [{"copy": 1, "json": "x"}, {"copy": "1", "json": "{}"}],
    "maybe": [{"value": 0}, {"value": 1}],
    "look": [{}],
    "steps": [{"total": 3}],
    "speak": [{}],
    "elicit": [{}],
    "book": [{"city": "Oslo"}, {"city": 1}],
    "resolved": [{"count": 4}, {}],
    "asks_by_hand": [{}],
    "asks_with_a_context": [{}],
    "caller": [{}],
}


def calls(tools: list[str]) -> Iterator[Asked]:
    """A call of every tool, and several of those that take arguments."""
    for name in tools:
        for number, arguments in enumerate(ARGUMENTS.get(name, [{}])):
            yield Asked(f"{name}-{number}", "tools/call", {"name": name, "arguments": arguments})


METAS: dict[str, dict[str, Any]] = {
    "a-token": {"progressToken": "t"},
    "an-integer-token": {"progressToken": 5},
    "a-token-that-is-true": {"progressToken": True},
    "a-token-that-is-null": {"progressToken": None},
    "a-token-that-is-a-float": {"progressToken": 1.0},
    "a-token-that-is-a-half": {"progressToken": 1.5},
    "a-token-that-is-a-list": {"progressToken": [1]},
    "a-large-token": {"progressToken": 2**70},
    "a-token-by-its-python-name": {"progress_token": "t"},
    "a-member-of-ones-own": {"com.example/own": {"a": [1]}},
    "a-trace": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    "a-log-level": {LOG_LEVEL: "info"},
    "a-debug-level": {LOG_LEVEL: "debug"},
    "an-unknown-log-level": {LOG_LEVEL: "loud"},
    "a-log-level-that-is-null": {LOG_LEVEL: None},
    "a-lone-surrogate": {"com.example/own": "\ud800"},
    "a-surrogate-in-a-name": {"\ud800": 1},
    "a-large-number": {"com.example/own": 2**70},
    "no-client": {CLIENT_INFO: None},
    "a-client-without-version": {CLIENT_INFO: {"name": "x"}},
    "a-client-with-a-number-for-a-name": {CLIENT_INFO: {"name": 1, "version": "1"}},
    "a-client-that-is-a-list": {CLIENT_INFO: []},
    "a-client-that-is-a-text": {CLIENT_INFO: "me"},
    "a-client-with-more": {CLIENT_INFO: {"name": "x", "version": "1", "more": True}},
    "no-capabilities": {CAPABILITIES: None},
    "capabilities-that-are-a-list": {CAPABILITIES: []},
    "capabilities-of-a-wrong-shape": {CAPABILITIES: {"elicitation": 1}},
    "sampling-that-is-true": {CAPABILITIES: {"sampling": True}},
    "extensions-of-a-wrong-shape": {CAPABILITIES: {"extensions": {"a/b": 1}}},
    "unknown-capabilities": {CAPABILITIES: {"unknown": {"a": 1}}},
    "a-version-that-is-null": {PROTOCOL_VERSION: None},
    "a-version-that-is-a-number": {PROTOCOL_VERSION: 20260728},
    "a-version-that-is-not-served": {PROTOCOL_VERSION: "2099-01-01"},
    "a-legacy-version": {PROTOCOL_VERSION: "2025-11-25"},
    "an-empty-version": {PROTOCOL_VERSION: ""},
}

ODD_CALLS: dict[str, dict[str, Any]] = {
    "an-unknown-tool": {"name": "unknown", "arguments": {}},
    "no-name": {"arguments": {}},
    "a-name-that-is-null": {"name": None},
    "a-name-that-is-a-number": {"name": 1},
    "a-name-that-is-a-list": {"name": ["add"]},
    "an-empty-name": {"name": ""},
    "a-name-with-a-surrogate": {"name": "\ud800"},
    "a-name-of-snow": {"name": "☃"},
    "arguments-that-are-a-list": {"name": "add", "arguments": [1, 2]},
    "arguments-that-are-a-text": {"name": "add", "arguments": "{}"},
    "arguments-that-are-false": {"name": "add", "arguments": False},
    "an-unknown-member": {"name": "add", "arguments": {"a": 1, "b": 2}, "more": 1},
    "a-state-that-is-null": {"name": "add", "arguments": {"a": 1, "b": 2}, "requestState": None},
    "a-state-of-nobody": {"name": "add", "arguments": {"a": 1, "b": 2}, "requestState": "v1.x"},
    "a-state-that-is-a-number": {"name": "add", "arguments": {}, "requestState": 1},
    "responses-of-a-wrong-shape": {"name": "add", "arguments": {}, "inputResponses": 1},
    "responses-to-nothing": {"name": "add", "arguments": {"a": 1, "b": 2}, "inputResponses": {}},
    "a-task": {"name": "add", "arguments": {"a": 1, "b": 2}, "task": {"ttl": 1}},
    "a-task-of-a-wrong-shape": {"name": "add", "arguments": {}, "task": 1},
    "a-python-name-of-a-member": {"name": "add", "arguments": {}, "request_state": "x"},
}

OTHERS = (
    Asked("tools", "tools/list", None),
    Asked("tools-cursor", "tools/list", {"cursor": "x"}),
    Asked("tools-no-cursor", "tools/list", {"cursor": None}),
    Asked("tools-cursor-of-a-number", "tools/list", {"cursor": 1}),
    Asked("tools-cursor-of-a-surrogate", "tools/list", {"cursor": "\ud800"}),
    Asked("tools-more", "tools/list", {"more": 1}),
    Asked("resources", "resources/list", None),
    Asked("resources-cursor", "resources/list", {"cursor": "x"}),
    Asked("templates", "resources/templates/list", None),
    Asked("prompts", "prompts/list", None),
    Asked("discover", "server/discover", None),
    Asked("discover-more", "server/discover", {"more": 1}),
    Asked("ping", "ping", None),
    Asked("read", "resources/read", {"uri": "notes://today"}),
    Asked("read-bytes", "resources/read", {"uri": "notes://bytes"}),
    Asked("read-broken", "resources/read", {"uri": "notes://broken"}),
    Asked("read-of", "resources/read", {"uri": "notes://of/me"}),
    Asked("read-of-error", "resources/read", {"uri": "notes://of/error"}),
    Asked("read-unknown", "resources/read", {"uri": "notes://unknown"}),
    Asked("read-surrogate", "resources/read", {"uri": "notes://\ud800"}),
    Asked("read-number", "resources/read", {"uri": 1}),
    Asked("read-nothing", "resources/read", {}),
    Asked("read-with-a-state", "resources/read", {"uri": "notes://today", "requestState": "x"}),
    Asked("prompt", "prompts/get", {"name": "greet", "arguments": {"name": "x"}}),
    Asked("prompt-tone", "prompts/get", {"name": "greet", "arguments": {"name": "x", "tone": "y"}}),
    Asked("prompt-number", "prompts/get", {"name": "greet", "arguments": {"name": 1}}),
    Asked("prompt-null", "prompts/get", {"name": "greet", "arguments": {"name": None}}),
    Asked("prompt-surrogate", "prompts/get", {"name": "greet", "arguments": {"name": "\ud800"}}),
    Asked("prompt-without", "prompts/get", {"name": "greet"}),
    Asked("prompt-more", "prompts/get", {"name": "greet", "arguments": {"name": "x", "z": "y"}}),
    Asked("prompt-failing", "prompts/get", {"name": "failing"}),
    Asked("prompt-unknown", "prompts/get", {"name": "unknown"}),
    Asked("prompt-nothing", "prompts/get", {}),
    Asked(
        "complete",
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "n", "value": "v"}},
    ),
    Asked(
        "complete-fails",
        "completion/complete",
        {
            "ref": {"type": "ref/prompt", "name": "greet"},
            "argument": {"name": "n", "value": "fail"},
        },
    ),
    Asked("complete-nothing", "completion/complete", {}),
    Asked("set-level", "logging/setLevel", {"level": "info"}),
    Asked("subscribe", "resources/subscribe", {"uri": "notes://today"}),
    Asked("unknown-method", "unknown/method", {"a": 1}),
    Asked("unknown-method-bare", "unknown/method", None),
    Asked("initialize-again", "initialize", {}),
    Asked("empty-method", "", None),
)


def asked(tools: list[str]) -> list[Asked]:
    """All of them."""
    good = {"name": "look", "arguments": {}}
    plain = {"name": "add", "arguments": {"a": 1, "b": 2}}
    speak = {"name": "speak", "arguments": {}}
    return [
        *calls(tools),
        *(Asked(f"{name}-looking", "tools/call", good, meta) for name, meta in METAS.items()),
        *(Asked(f"{name}-adding", "tools/call", plain, meta) for name, meta in METAS.items()),
        *(Asked(f"{name}-speaking", "tools/call", speak, meta) for name, meta in METAS.items()),
        *(Asked(f"{name}-listing", "prompts/list", None, meta) for name, meta in METAS.items()),
        *(Asked(name, "tools/call", params) for name, params in ODD_CALLS.items()),
        *OTHERS,
    ]


WHOLE_PARAMS: dict[str, Any] = {
    "no-params": None,
    "no-meta": {"name": "add", "arguments": {"a": 1, "b": 2}},
    "a-meta-that-is-null": {"name": "add", "arguments": {"a": 1, "b": 2}, "_meta": None},
    "a-meta-that-is-a-list": {"name": "add", "arguments": {"a": 1, "b": 2}, "_meta": []},
    "a-meta-that-is-a-text": {"name": "add", "arguments": {"a": 1, "b": 2}, "_meta": "x"},
    "an-empty-meta": {"name": "add", "arguments": {"a": 1, "b": 2}, "_meta": {}},
    "a-meta-without-a-version": {
        "name": "add",
        "_meta": {name: value for name, value in ENVELOPE.items() if name != PROTOCOL_VERSION},
    },
    "a-meta-without-capabilities": {
        "name": "add",
        "_meta": {name: value for name, value in ENVELOPE.items() if name != CAPABILITIES},
    },
    "a-meta-without-a-client": {
        "name": "look",
        "_meta": {name: value for name, value in ENVELOPE.items() if name != CLIENT_INFO},
    },
}
"""Params of `tools/call` as they are, without an envelope beside."""
