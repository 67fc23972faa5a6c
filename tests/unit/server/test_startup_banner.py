"""What a person reads once the server answers."""

from collections.abc import Sequence
from typing import Any

import pytest

from mcpgrpc_server.backend import Summary
from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.startup_banner import startup_banner


def tool(name: str, required: Sequence[str] = (), **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"name": name, "inputSchema": schema}


SEARCH = tool("search", ["query"], query={"type": "string", "examples": ["json"]}, limit={})


def lines(
    *tools: dict[str, Any],
    addresses: Sequence[str] = ("127.0.0.1:50051",),
    name: str = "docs",
    settings: ServerSettings | None = None,
    command: str = "mcpgrpc",
) -> dict[str, str]:
    """The banner by its labels; its first line is under ""."""
    summary = Summary(name, tuple(tools))
    first, *rows = startup_banner(
        summary, addresses, settings or ServerSettings(), command
    ).splitlines()
    return {"": first} | {row.split()[0]: row.split(maxsplit=1)[1] for row in rows}


def test_it_says_what_is_served_where_with_which_tools_and_what_to_type_next() -> None:
    assert lines(SEARCH, tool("source")) == {
        "": "docs answers over gRPC",
        "address": "127.0.0.1:50051",
        "tools": "search, source",
        "security": "plaintext, no credentials asked for; only this machine can connect",
        "health": "grpc.health.v1, reflection on",
        "try": "mcpgrpc call 127.0.0.1:50051 search query=json",
    }


def test_the_door_in_front_is_named_and_counts_for_who_can_connect() -> None:
    shown = startup_banner(
        Summary("docs"), ["127.0.0.1:1"], ServerSettings(), doors=["http://10.0.0.1:8080"]
    )
    assert "  http      http://10.0.0.1:8080/mcp\n" in shown
    assert "other machines can connect to 10.0.0.1:8080" in shown


def test_a_door_in_plaintext_is_said_beside_listeners_with_tls() -> None:
    told = ServerSettings(tls_cert="c", tls_key="k", http="plaintext:10.0.0.1:8080")
    assert lines(settings=told)["security"].startswith("TLS and plaintext, ")


def test_every_bound_address_is_named() -> None:
    assert lines(addresses=["127.0.0.1:1", "unix:/tmp/x"])["address"] == "127.0.0.1:1, unix:/tmp/x"


def test_twenty_tools_are_named_and_the_others_counted() -> None:
    names = [f"t{number}" for number in range(23)]
    assert lines(*map(tool, names[:20]))["tools"] == ", ".join(names[:20])
    assert lines(*map(tool, names))["tools"] == ", ".join(names[:20]) + " and 3 more"


def test_without_tools_the_next_command_is_one_that_always_answers() -> None:
    shown = lines(addresses=["unix:/tmp/a b"])
    assert shown["tools"] == "none"
    assert shown["try"] == "mcpgrpc health 'unix:/tmp/a b'"


def test_what_other_machines_can_reach_is_said_in_capitals() -> None:
    shown = lines(addresses=["127.0.0.1:1", "10.0.0.1:2"])["security"]
    assert shown.startswith("PLAINTEXT, NO CREDENTIALS")
    assert shown.endswith("other machines can connect to 10.0.0.1:2")


TLS = {"tls_cert": "c", "tls_key": "k"}
KEYS = {"api_keys": "keys.toml"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (KEYS, "plaintext, credentials asked for"),
        (TLS | KEYS, "TLS, credentials asked for"),
        (TLS | {"tls_client_ca": "ca"}, "mTLS, credentials asked for"),
        (KEYS | {"allow_anonymous": True}, "plaintext, no credentials asked for"),
        (TLS | {"listen": ["127.0.0.1:1", "unix:/tmp/x"]}, "TLS and plaintext, no credentials"),
    ],
)
def test_it_says_how_a_listener_is_secured_and_whether_callers_are_known(
    settings: dict[str, Any], said: str
) -> None:
    assert lines(settings=ServerSettings.model_validate(settings))["security"].startswith(said)


def test_only_what_is_unsafe_is_said_in_capitals() -> None:
    known = lines(addresses=["10.0.0.1:2"], settings=ServerSettings(api_keys="keys.toml"))
    assert known["security"].startswith("PLAINTEXT, credentials asked for; other machines")
    open_tls = lines(addresses=["10.0.0.1:2"], settings=ServerSettings(tls_cert="c", tls_key="k"))
    assert open_tls["security"].startswith("TLS, NO CREDENTIALS ASKED FOR; other machines")


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (KEYS, "--api-key-file KEY_FILE"),
        (KEYS | {"allow_anonymous": True}, ""),
        ({"jwt_issuer": "https://i", "jwt_audience": ["a"]}, "--token-file TOKEN_FILE"),
        (TLS, "--tls-ca CA_FILE"),
        (TLS | KEYS, "--tls-ca CA_FILE --api-key-file KEY_FILE"),
        (
            TLS | {"tls_client_ca": "ca"},
            "--tls-ca CA_FILE --tls-cert CERT_FILE --tls-key CERT_KEY_FILE",
        ),
    ],
)
def test_the_next_command_names_the_files_that_it_needs(
    settings: dict[str, Any], options: str
) -> None:
    shown = lines(SEARCH, settings=ServerSettings.model_validate(settings))["try"]
    assert shown == f"mcpgrpc call 127.0.0.1:50051 search query=json {options}".strip()


@pytest.mark.parametrize(
    ("bound", "typed"),
    [("0.0.0.0:7", "127.0.0.1:7"), ("[::]:7", "'[::1]:7'"), ("10.0.0.1:7", "10.0.0.1:7")],
)
def test_the_next_command_names_an_address_that_can_be_connected_to(bound: str, typed: str) -> None:
    assert lines(SEARCH, addresses=[bound])["try"] == f"mcpgrpc call {typed} search query=json"


def test_reflection_that_is_off_is_said() -> None:
    assert lines(settings=ServerSettings(reflection=False))["health"].endswith("reflection off")


def test_the_next_command_begins_with_what_the_reader_types() -> None:
    assert lines(SEARCH, command=".venv/bin/mcpgrpc")["try"].startswith(".venv/bin/mcpgrpc call ")


@pytest.mark.parametrize(
    ("schema", "typed"),
    [
        ({"type": "string"}, "a=example"),
        ({"type": "string", "examples": ["two words"]}, "'a=two words'"),
        ({"enum": ["asc", "desc"]}, "a=asc"),
        ({"const": 3}, "a=3"),
        ({"type": "string", "default": "it's"}, "'a=it'\"'\"'s'"),
        ({"type": "integer", "minimum": 5}, "a=5"),
        ({"type": "number"}, "a=1"),
        ({"type": "boolean"}, "a=true"),
        ({"type": "array"}, "'a=[]'"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "a=example"),
        ({"type": ["string", "null"], "examples": []}, "a=example"),
        (True, "a=example"),
    ],
)
def test_each_required_argument_has_a_plausible_value(schema: Any, typed: str) -> None:
    shown = lines(tool("act", ["a"], a=schema, b={"type": "string"}))["try"]
    assert shown == f"mcpgrpc call 127.0.0.1:50051 act {typed}"


def test_a_tool_with_an_odd_schema_does_no_harm() -> None:
    for schema in (None, True, {}, {"type": "object"}, {"required": ["x"]}):
        shown = lines({"name": "odd", "inputSchema": schema})
        assert shown["try"].startswith("mcpgrpc call 127.0.0.1:50051 odd")
    assert lines({"name": "bare"})["try"] == "mcpgrpc call 127.0.0.1:50051 bare"


def test_names_cannot_steer_the_terminal_or_flood_it() -> None:
    shown = lines(tool("\x1b[2J\n" + "x" * 5_000), name="n\x07")
    assert "\x1b" not in "".join(shown.values())
    assert "\x07" not in shown[""]
    assert len(shown["tools"]) < 100
