"""What `serve` prints once it answers: where, what, how safe, and the next command to type.

It prints nothing itself and decides nothing: it words what the server says about itself.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mcpgrpc.logs.redaction import clip, escape_controls
from mcpgrpc_server.backend import Summary
from mcpgrpc_server.listen_targets import Security, is_local
from mcpgrpc_server.settings import ServerSettings

MAX_TOOLS_SHOWN: Final = 20
MAX_NAME_CHARACTERS: Final = 60

# Any value of the right type: the command shows the form, and the server answers for the rest.
_VALUES: Final[Mapping[str, str]] = {
    "integer": "1",
    "number": "1",
    "boolean": "true",
    "array": "[]",
    "object": "{}",
    "null": "null",
}
_EVERY_INTERFACE: Final = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - it is compared

_SECURED: Final = {Security.PLAINTEXT: "plaintext", Security.TLS: "TLS", Security.MTLS: "mTLS"}
_TLS_WORDS: Final = ("--tls-ca", "CA_FILE")
_OPTIONS: Final[Mapping[Security, tuple[str, ...]]] = {
    Security.PLAINTEXT: (),
    Security.TLS: _TLS_WORDS,
    Security.MTLS: (*_TLS_WORDS, "--tls-cert", "CERT_FILE", "--tls-key", "CERT_KEY_FILE"),
}


def startup_banner(
    summary: Summary,
    addresses: Sequence[str],
    settings: ServerSettings,
    command: str = "mcpgrpc",
    *,
    doors: Sequence[str] = (),
) -> str:
    """The lines to print.

    Args:
        summary: what is served.
        addresses: the targets that are bound, at least one.
        settings: what is in force.
        command: what the reader types to run this program.
        doors: URLs under which the same is served over HTTP.
    """
    rows = {
        "address": ", ".join(addresses),
        **({"workers": str(settings.workers)} if settings.workers > 1 else {}),
        **({"http": ", ".join(f"{url}/mcp" for url in doors)} if doors else {}),
        "tools": _tools(summary.tools),
        "security": _security([*addresses, *(url.partition("//")[2] for url in doors)], settings),
        "health": f"grpc.health.v1, reflection {'on' if settings.reflection else 'off'}",
        "try": " ".join([command, *_next_words(summary.tools, _reachable(addresses[0]), settings)]),
    }
    lines = [f"{_name(summary.name) or 'MCP server'} answers over gRPC"]
    lines += [f"  {label:<9} {text}" for label, text in rows.items()]
    return "\n".join(lines)


def _tools(tools: Sequence[Mapping[str, Any]]) -> str:
    names = [_name(tool["name"]) for tool in tools[:MAX_TOOLS_SHOWN]]
    more = len(tools) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "") or "none"


def _security(addresses: Sequence[str], settings: ServerSettings) -> str:
    exposed = [each for each in addresses if not is_local(each)]
    door = [settings.http_security] if settings.http else []
    secured = dict.fromkeys([*map(settings.security_of, settings.listen), *door])
    how = " and ".join(_SECURED[each] for each in secured)
    is_asked = settings.takes_credentials and not settings.allow_anonymous
    asked = "credentials asked for" if is_asked else "no credentials asked for"
    if not exposed:
        return f"{how}, {asked}; only this machine can connect"
    loud_how = how.upper() if Security.PLAINTEXT in secured else how
    loud_asked = asked if is_asked else asked.upper()
    return f"{loud_how}, {loud_asked}; other machines can connect to {exposed[0]}"


def _reachable(address: str) -> str:
    """The address as this machine's clients say it."""
    host, _, port = address.rpartition(":")
    return f"{_EVERY_INTERFACE[host]}:{port}" if host in _EVERY_INTERFACE else address


def _next_words(
    tools: Sequence[Mapping[str, Any]], address: str, settings: ServerSettings
) -> list[str]:
    security = settings.security_of(settings.listen[0])
    options = list(_OPTIONS[security])
    if not tools:
        return ["health", shlex.quote(address), *options]
    if settings.takes_credentials and not settings.allow_anonymous:
        options += _credential_words(settings)
    words = ["call", address, str(tools[0]["name"]), *_arguments(tools[0].get("inputSchema"))]
    return [*(shlex.quote(escape_controls(word)) for word in words), *options]


def _credential_words(settings: ServerSettings) -> list[str]:
    if settings.api_keys:
        return ["--api-key-file", "KEY_FILE"]
    return ["--token-file", "TOKEN_FILE"] if settings.jwt_issuer else []


def _arguments(schema: Any) -> Iterator[str]:
    """The required arguments of a tool as `key=value`."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            yield f"{name}={clip(_value(properties.get(name)), MAX_NAME_CHARACTERS)}"


def _value(schema: Any) -> str:
    """A plausible value: the schema's own example where it has one."""
    if not isinstance(schema, Mapping):
        return "example"
    for values in (schema.get("examples"), schema.get("enum")):
        if isinstance(values, list) and values:
            return _text(values[0])
    for key in ("default", "const", "minimum"):
        if key in schema:
            return _text(schema[key])
    kind = schema.get("type")
    return _VALUES.get(kind, "example") if isinstance(kind, str) else "example"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _name(name: object) -> str:
    return clip(escape_controls(str(name)), MAX_NAME_CHARACTERS)
