"""`mcpgrpc gateway`: the HTTP and WebSocket door, for hosts that speak MCP over HTTP.

It has no bounds of its own: `mcpgrpc.gateway.settings` has them.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mcpgrpc.cli.connection import credential, run, security
from mcpgrpc.cli.failures import CommandError, MisuseError
from mcpgrpc.cli.log_options import FormatOption, LevelOption, RedactOption, log_as
from mcpgrpc.cli.options import CommonOptions, readable_file, seconds
from mcpgrpc.cli.terminal import write
from mcpgrpc.cli.words import add_command
from mcpgrpc.targets import DEFAULT_TARGET

if TYPE_CHECKING:
    from mcpgrpc.connection import ConnectionOptions
    from mcpgrpc.gateway.observing import DoorListener
    from mcpgrpc.gateway.settings import GatewaySettings

DEFAULT_LISTEN = "127.0.0.1:8080"
DEFAULT_DRAIN_GRACE = "25"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    add_command(app, gateway)


def gateway(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="The server behind the door.")
    ] = DEFAULT_TARGET,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where to listen for HTTP.")
    ] = DEFAULT_LISTEN,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="HOST[:PORT]",
            help="A Host let in beside loopback, * for all; repeatable.",
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-origin",
            metavar="ORIGIN",
            help="An Origin of web pages let in beside loopback, * for all; repeatable.",
        ),
    ] = None,
    max_body_bytes: Annotated[
        str | None,
        typer.Option("--max-body-bytes", metavar="BYTES", help="The largest request body."),
    ] = None,
    max_sessions: Annotated[
        str | None,
        typer.Option("--max-sessions", metavar="N", help="Sessions and WebSockets open at once."),
    ] = None,
    streams_per_connection: Annotated[
        str | None,
        typer.Option(
            "--streams-per-connection",
            metavar="N",
            help="Open another connection to the server when each carries so many streams.",
        ),
    ] = None,
    cache: Annotated[
        str | None,
        typer.Option(
            "--cache",
            metavar="SECONDS",
            help="Give a list or a read to the same caller again no longer; 0 for never.",
        ),
    ] = None,
    drain_grace: Annotated[
        str,
        typer.Option(
            "--drain-grace", metavar="SECONDS", help="How long requests may run on after SIGTERM."
        ),
    ] = DEFAULT_DRAIN_GRACE,
    serve_cert: Annotated[
        str | None,
        typer.Option(
            "--serve-cert", metavar="FILE", help="The door's own certificate (PEM), for HTTPS."
        ),
    ] = None,
    serve_key: Annotated[
        str | None, typer.Option("--serve-key", metavar="FILE", help="Its key (PEM).")
    ] = None,
    authorization_server: Annotated[
        list[str] | None,
        typer.Option(
            "--authorization-server",
            metavar="URL",
            help="Where clients are told to get tokens; repeatable.",
        ),
    ] = None,
    resource: Annotated[
        str | None,
        typer.Option(
            "--resource", metavar="URL", help="What tokens call this door: its URL for clients."
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="SCOPE", help="A scope to ask for; repeatable."),
    ] = None,
    probe_token_file: Annotated[
        str | None,
        typer.Option(
            "--probe-token-file",
            metavar="FILE",
            help="File with a bearer token, for /ready's own question to the server alone.",
        ),
    ] = None,
    probe_api_key_file: Annotated[
        str | None,
        typer.Option(
            "--probe-api-key-file", metavar="FILE", help="The same with an API key in the file."
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="HOST:PORT",
            help="The door's metrics for Prometheus, in plaintext (/metrics).",
        ),
    ] = None,
    log_level: LevelOption = "info",
    log_format: FormatOption = "auto",
    log_redact: RedactOption = None,
    *,
    options: CommonOptions,
) -> None:
    """Serve MCP over HTTP (/mcp) and WebSocket (/ws) in front of a gRPC server.

    A caller's own credential goes through to the server; the door has none to
    lend. Also here: /health, /ready.
    """
    if options.token_file is not None or options.api_key_file is not None:
        raise MisuseError(
            "gateway takes no --token-file or --api-key-file: each caller brings its own credential"
            " (for /ready there are --probe-token-file and --probe-api-key-file)"
        )
    probing = _probing(options, probe_token_file, probe_api_key_file)
    try:
        from mcpgrpc.connection import ConnectionOptions
        from mcpgrpc.gateway.settings import GatewaySettings
    except ModuleNotFoundError as error:
        _refuse_without_extra(error)
    bounds = {
        "max_body_bytes": max_body_bytes,
        "max_sessions": max_sessions,
        "streams_per_connection": streams_per_connection,
    }
    given: dict[str, Any] = {
        name: _count(name, word) for name, word in bounds.items() if word is not None
    }
    if cache is not None:
        given["cache_seconds"] = 0.0 if cache == "0" else seconds("cache", cache)
    given |= {
        "allow_hosts": tuple(allow_host or ()),
        "allow_origins": tuple(allow_origin or ()),
        "authorization_servers": tuple(authorization_server or ()),
        "resource": resource or "",
        "scopes": tuple(scope or ()),
        "tls_cert": serve_cert or "",
        "tls_key": serve_key or "",
    }
    grace_seconds = seconds("drain-grace", drain_grace)
    connection = ConnectionOptions(target=address, security=security(options))
    probe = replace(connection, token=credential(probing))
    log_as(log_level, log_format, log_redact)

    async def work() -> None:
        async with _counted(metrics) as listener:
            settings = GatewaySettings(**given)
            await _serve(connection, probe, settings, listen, grace_seconds, listener)

    run(work())


@asynccontextmanager
async def _counted(metrics: str | None) -> AsyncIterator[DoorListener | None]:
    """Who counts, with the page on which it stands; None where nobody asks for it."""
    if metrics is None:
        yield None
        return
    try:
        from mcpgrpc.gateway.metrics.figures import DoorMetrics
        from mcpgrpc.gateway.metrics.page import metrics_page
    except ModuleNotFoundError as error:
        _refuse_without_extra(error)
    figures = DoorMetrics()
    async with metrics_page(figures, metrics) as address:
        write(f"http://{address}/metrics has the door's metrics")
        yield figures


async def _serve(
    connection: ConnectionOptions,
    probe: ConnectionOptions,
    settings: GatewaySettings,
    listen: str,
    grace_seconds: float,
    listener: DoorListener | None,
) -> None:
    try:
        from mcpgrpc.gateway.serving import running_door, until_asked_to_stop
    except ModuleNotFoundError as error:
        _refuse_without_extra(error)
    async with running_door(connection, settings, listen, probe, listener) as door:
        write(f"{door.url}/mcp is in front of {connection.target}")
        # Whoever started this process through a pipe waits for this line.
        sys.stdout.flush()
        await until_asked_to_stop()
        await door.drain(grace_seconds)


def _probing(
    options: CommonOptions, token_file: str | None, api_key_file: str | None
) -> CommonOptions:
    """The options with the credential of the door's own question."""
    if token_file is not None and api_key_file is not None:
        raise MisuseError("--probe-token-file and --probe-api-key-file both say who asks: give one")
    return replace(
        options,
        token_file=readable_file("probe-token-file", token_file),
        api_key_file=readable_file("probe-api-key-file", api_key_file),
    )


def _count(name: str, word: str) -> int:
    if not word.isdecimal() or not 0 < int(word) < 2**31:
        option = name.replace("_", "-")
        raise MisuseError(f"--{option} takes a whole number above 0, not {word!r}")
    return int(word)


def _refuse_without_extra(error: ModuleNotFoundError) -> NoReturn:
    if (error.name or "").partition(".")[0] == "mcpgrpc":
        raise error
    raise CommandError(
        f"the gateway needs {error.name}, which is not installed: pip install 'mcpgrpc[gateway]'"
    ) from None
