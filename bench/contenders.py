"""Who is compared: servers, clients, and the variants of both, as data.

A variant is a row here and no code: options of `mcpgrpc serve`, variables, the loop of a client.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

PYTHON: Final = sys.executable
MCPGRPC: Final = str(Path(sys.executable).parent / "mcpgrpc")
ADDRESS: Final = r"^\s*address:?\s+(\S+)"
HTTP_ADDRESS: Final = r"^\s*http:?\s+(\S+)"


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """A server process.

    Attributes:
        command: its words; `{materials}` is the folder of certificates, keys and policies.
        answers: the pattern whose group is where it answers, in a line that it writes.
        environment: variables beside those of the driver.
    """

    command: tuple[str, ...]
    answers: str = ADDRESS
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contender:
    """A client process and the server that it calls.

    Attributes:
        label: how tables and plots name it.
        server: a key of SERVERS; contenders of one scenario with the same key share a process.
        client: the kind of client (`bench.client.__main__.CALLERS`).
        options: what the kind takes; `{materials}` in values as above.
        loop: "uvloop", or nothing for asyncio's own.
        environment: variables of the client process.
    """

    label: str
    server: str
    client: str
    options: Mapping[str, Any] = field(default_factory=dict)
    loop: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def _ours(*options: str, app: str = "app", loop: str = "asyncio") -> ServerSpec:
    # The loop is named, or uvloop would serve wherever it is installed, as it is here.
    command = (MCPGRPC, "serve", f"bench.servers.tools:{app}", "--listen", "127.0.0.1:0")
    return ServerSpec((*command, "--event-loop", loop, *options))


def _module(name: str, *options: str) -> ServerSpec:
    return ServerSpec((PYTHON, "-m", f"bench.servers.{name}", *options))


def _traced(sampler: Mapping[str, str], *options: str) -> ServerSpec:
    """Its spans go to a collector that is there, as far as the sampler takes them."""
    command = (PYTHON, "-m", "bench.servers.collector", "--", *_ours(*options).command)
    return ServerSpec(command, environment=sampler)


_ONE_IN_A_HUNDRED: Final = {
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "0.01",
}
_EVERY_ONE: Final = {"OTEL_TRACES_SAMPLER": "always_on"}

TUNED_ENVIRONMENT: Final = {"GRPC_EXPERIMENTS": "-event_engine_client,-event_engine_listener"}
"""gRPC's older pollers for clients, as `--no-grpc-event-engine` has them for servers."""

_JWT: Final = (
    "--jwt-issuer", "https://issuer.example", "--jwt-audience", "bench",
    "--jwks", "{materials}/jwks.json",
)  # fmt: skip
_TLS: Final = ("--tls-cert", "{materials}/server.pem", "--tls-key", "{materials}/server.key")
_MANY_STREAMS: Final = (
    "--max-concurrent-streams", "20000", "--max-streams-per-caller", "20000",
)  # fmt: skip
_ENOUGH: Final = "1000000/second"
"""A rate limit that is counted and never reached."""

SERVERS: Final[Mapping[str, ServerSpec]] = {
    "ours": _ours(),
    "ours-fifty": _ours(app="fifty"),
    "ours-transport": _module("transport_server"),
    "ours-http": ServerSpec((*_ours().command, "--http", "127.0.0.1:0"), HTTP_ADDRESS),
    "ours-tls": _ours(*_TLS),
    "ours-mtls": _ours(*_TLS, "--tls-client-ca", "{materials}/authority.pem"),
    "ours-api-key": _ours("--api-keys", "{materials}/keys.toml"),
    "ours-jwt": _ours(*_JWT),
    "ours-audit": _ours("--audit", "calls"),
    "ours-metrics": _ours("--metrics", "127.0.0.1:0"),
    "ours-observed": _traced(_ONE_IN_A_HUNDRED, "--metrics", "127.0.0.1:0"),
    "ours-traced": _traced(_EVERY_ONE),
    "ours-one-worker": _ours("--max-streams-per-caller", "1000"),
    "ours-two-workers": _ours("--max-streams-per-caller", "1000", "--workers", "2"),
    "ours-rate-limit": _ours("--rate-limit", _ENOUGH, "--rate-limit-tool", f"add={_ENOUGH}"),
    "ours-policy": _ours(
        "--api-keys", "{materials}/keys.toml", "--policy", "{materials}/policy.toml"
    ),
    "ours-many-streams": _ours(*_MANY_STREAMS),
    "ours-tuned": _ours("--no-grpc-event-engine", loop="uvloop"),
    "http": _module("http_server"),
    "http-fifty": _module("http_server", "--app", "fifty"),
    "http-json": _module("http_server", "--json"),
    "http-stateless": _module("http_server", "--stateless"),
    "http-fast": _module("http_server", "--fast", "--json"),
    "rapid": _module("rapid_server"),
    "echo": _module("echo_server"),
}

_API_KEY: Final = {"api_key_file": "{materials}/api.key"}

CONTENDERS: Final[Mapping[str, Contender]] = {
    "lean": Contender("mcpgrpc, lean client", "ours", "lean"),
    "sdk": Contender("mcpgrpc, SDK client", "ours", "sdk_grpc"),
    "straight": Contender("mcpgrpc, SdkClient", "ours", "sdk_grpc", {"straight": True}),
    "call": Contender("mcpgrpc, an RPC for each call", "ours", "lean", {"rpc": "call"}),
    "transport": Contender(
        "mcpgrpc, transport alone", "ours-transport", "lean", {"mode": "2026-07-28"}
    ),
    "tuned": Contender(
        "mcpgrpc, tuned", "ours-tuned", "lean", loop="uvloop", environment=TUNED_ENVIRONMENT
    ),
    "lean-fifty": Contender("mcpgrpc, lean client", "ours-fifty", "lean"),
    "sdk-fifty": Contender("mcpgrpc, SDK client", "ours-fifty", "sdk_grpc"),
    "lean-legacy": Contender("mcpgrpc, lean, 2025-11-25", "ours", "lean", {"mode": "legacy"}),
    "sdk-legacy": Contender("mcpgrpc, SDK, 2025-11-25", "ours", "sdk_grpc", {"mode": "legacy"}),
    "door": Contender("mcpgrpc's HTTP door", "ours-http", "sdk_http"),
    "door-legacy": Contender(
        "mcpgrpc's HTTP door, 2025-11-25", "ours-http", "sdk_http", {"mode": "legacy"}
    ),
    "tls": Contender("TLS", "ours-tls", "lean", {"tls_ca": "{materials}/authority.pem"}),
    "mtls": Contender(
        "mTLS",
        "ours-mtls",
        "lean",
        {
            "tls_ca": "{materials}/authority.pem",
            "tls_cert": "{materials}/client.pem",
            "tls_key": "{materials}/client.key",
        },
    ),
    "api-key": Contender("API key", "ours-api-key", "lean", _API_KEY),
    "jwt": Contender("JWT", "ours-jwt", "lean", {"token_file": "{materials}/token.jwt"}),
    "sdk-api-key": Contender("API key, SDK client", "ours-api-key", "sdk_grpc", _API_KEY),
    "sdk-jwt": Contender(
        "JWT, SDK client", "ours-jwt", "sdk_grpc", {"token_file": "{materials}/token.jwt"}
    ),
    "one-worker": Contender("one worker", "ours-one-worker", "lean", {"streams": 16}),
    "two-workers": Contender("two workers", "ours-two-workers", "lean", {"streams": 16}),
    "audit": Contender("audit of calls", "ours-audit", "lean"),
    "metrics": Contender("metrics", "ours-metrics", "lean"),
    "observed": Contender("metrics, and traces of 1 %", "ours-observed", "lean"),
    "traced": Contender("traces of every call", "ours-traced", "lean"),
    "rate-limit": Contender("rate limits", "ours-rate-limit", "lean"),
    "policy": Contender("API key and policy", "ours-policy", "lean", _API_KEY),
    "http": Contender("Streamable HTTP", "http", "sdk_http"),
    "http-fifty": Contender("Streamable HTTP", "http-fifty", "sdk_http"),
    "http-json": Contender("Streamable HTTP, JSON", "http-json", "sdk_http"),
    "http-fast": Contender("Streamable HTTP, JSON, uvloop", "http-fast", "sdk_http", loop="uvloop"),
    "http-legacy": Contender("Streamable HTTP, 2025-11-25", "http", "sdk_http", {"mode": "legacy"}),
    "http-stateless-legacy": Contender(
        "Streamable HTTP, stateless, 2025-11-25", "http-stateless", "sdk_http", {"mode": "legacy"}
    ),
    "rapid": Contender("rapidmcp", "rapid", "rapid"),
    "echo": Contender("grpc.aio echo, one message a frame", "echo", "echo"),
    "unary": Contender("grpc.aio unary", "echo", "unary"),
}
