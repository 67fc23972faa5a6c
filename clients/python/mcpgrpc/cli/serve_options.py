"""The options of `mcpgrpc serve`: one for each field of the server's settings, with its help.

It has neither defaults nor bounds: `mcpgrpc_server.settings` has them, for options, variables and
file alike.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, cast

import typer


class ServeOption(NamedTuple):
    """An option of `serve` for a field of the settings; its value is the settings' to check."""

    field: str
    kind: Any
    metavar: str | None
    help: str
    panel: str | None = None

    @property
    def names(self) -> str:
        """As typer takes them: a flag can be turned off as well."""
        name = self.field.removesuffix("_seconds").replace("_", "-")
        return f"--{name}/--no-{name}" if self.kind is bool else f"--{name}"

    def parameter(self) -> inspect.Parameter:
        """The parameter from which typer makes the option; None means not given."""
        option = typer.Option(
            self.names, metavar=self.metavar, help=self.help, rich_help_panel=self.panel
        )
        return inspect.Parameter(
            self.field,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[self.kind | None, option],
        )


def _http(field: str, kind: Any, metavar: str, help_text: str) -> ServeOption:
    return ServeOption(field, kind, metavar, help_text, "HTTP door")


def _access(field: str, kind: Any, metavar: str | None, help_text: str) -> ServeOption:
    return ServeOption(field, kind, metavar, help_text, "Who gets in")


def _caching(field: str, kind: Any, metavar: str, help_text: str) -> ServeOption:
    return ServeOption(field, kind, metavar, help_text, "Caching")


def _bytes(field: str, help_text: str) -> ServeOption:
    return ServeOption(field, str, "BYTES", help_text, "Limits")


def _count(field: str, help_text: str) -> ServeOption:
    return ServeOption(field, str, "N", help_text, "Limits")


def _seconds(field: str, help_text: str) -> ServeOption:
    return ServeOption(field, str, "SECONDS", help_text, "Times")


def _tuning(field: str, kind: Any, metavar: str | None, help_text: str) -> ServeOption:
    return ServeOption(field, kind, metavar, help_text, "Speed")


OPTIONS = (
    ServeOption("upstream_command", list[str], "'CMD …'", "Serve a stdio MCP server; repeatable."),
    ServeOption("upstream_url", list[str], "URL", "Serve an MCP server over HTTP; repeatable."),
    ServeOption("listen", list[str], "HOST:PORT", "Where to listen, or unix:PATH; repeatable."),
    ServeOption("http", str, "HOST:PORT", "Serve MCP over HTTP (/mcp) and WebSocket (/ws) too."),
    ServeOption("tls_cert", str, "FILE", "Certificate chain (PEM); listeners then speak TLS."),
    ServeOption("tls_key", str, "FILE", "Key of the certificate (PEM)."),
    ServeOption("tls_client_ca", str, "FILE", "Take only clients with a certificate of these."),
    ServeOption("health", str, "HOST:PORT", "Health alone, in plaintext, for kubelet's probes."),
    ServeOption("metrics", str, "HOST:PORT", "Metrics for Prometheus, in plaintext (/metrics)."),
    ServeOption("insecure", bool, None, "Plaintext is meant where other machines can connect."),
    ServeOption("allow_anonymous", bool, None, "So are callers without credentials."),
    _access("api_keys", str, "FILE", "The API keys that are taken; `mcpgrpc keys` makes them."),
    _access("policy", str, "FILE", "Who may call what (TOML); what no rule gives is refused."),
    _access("jwt_issuer", str, "URL", "The issuer whose access tokens (JWT) are taken."),
    _access("jwt_audience", list[str], "NAME", "What tokens call this service; repeatable."),
    _access("jwks", str, "FILE|URL", "The issuer's keys, if not where OpenID says."),
    _access("jwt_clock_skew_seconds", str, "SECONDS", "How far the issuer's clock may be ahead."),
    _access("jwks_min_interval_seconds", str, "SECONDS", "Fetch keys no more often."),
    _access("jwks_max_age_seconds", str, "SECONDS", "Fetch keys again after this."),
    _access("jwks_max_stale_seconds", str, "SECONDS", "Use keys so long when nobody has newer."),
    _access("trusted_proxy", list[str], "NAME", "Whose x-forwarded-client-cert counts."),
    _access("rate_limit", str, "N/TIME", "Requests of each caller, such as 100/minute."),
    _access("rate_limit_tool", list[str], "TOOL=N/TIME", "Calls of one tool by each caller."),
    _access("redis", str, "URL", "Share limits, keys and news of changes with other servers."),
    _access("redis_away", str, "open|closed", "What becomes of requests while Redis is away."),
    _access("redis_prefix", str, "TEXT", "In front of every key and channel there."),
    _access("state_keys", str, "FILE", "Secrets that seal requestState for every replica."),
    _access("state_key_rotation_seconds", str, "SECONDS", "A new one in Redis so often."),
    _access("audit", str, "off|calls|arguments", "Log who asked what, and how it ended."),
    _access("authenticate_health", bool, None, "Health asks for credentials too."),
    _access("authenticate_reflection", bool, None, "So does reflection, unless turned off."),
    ServeOption("reflection", bool, None, "Tell grpcurl and others the schema."),
    ServeOption("log_level", str, "LEVEL", "debug, info, warning, error or critical."),
    ServeOption("log_format", str, "FORMAT", "text, json, or auto: text on a terminal."),
    ServeOption("log_redact", list[str], "NAME", "Hide values of this name; repeatable."),
    ServeOption("log_notifications", bool, None, "Log what tools tell their callers, too."),
    _http("http_allow_host", list[str], "HOST[:PORT]", "A Host let in beside loopback, * for all."),
    _http("http_allow_origin", list[str], "ORIGIN", "An Origin of web pages let in, * for all."),
    _http("http_max_body_bytes", str, "BYTES", "The largest request body."),
    _http("http_max_sessions", str, "N", "Sessions and WebSockets open at once."),
    _http("http_cache_seconds", str, "SECONDS", "Answer a caller again no longer; 0: never."),
    _caching("cache_ttl", list[str], "METHOD=SECONDS", "How long results hold; repeatable."),
    _caching("cache_results", list[str], "METHOD", "Keep results of it so long; repeatable."),
    _caching("max_cache_entries", str, "N", "Results kept at once."),
    _caching("max_cache_bytes", str, "BYTES", "Memory that they take together."),
    ServeOption("workers", str, "N", "Processes that serve on the same ports. Linux."),
    _seconds("worker_hang_seconds", "Replace a worker that does nothing for so long."),
    _seconds("drain_pause_seconds", "Serve on so long after SIGTERM, not ready; or auto."),
    _seconds("drain_grace_seconds", "How long requests may run on after that."),
    _seconds("drain_flush_seconds", "How long the last answers may take to be read."),
    _seconds("max_connection_age_seconds", "Let clients move to another stream; 0 for never."),
    _seconds("max_connection_age_grace_seconds", "How long requests may run on there."),
    _seconds("overload_not_ready_seconds", "Not ready when overloaded for so long; 0: never."),
    _seconds("first_message_timeout_seconds", "How long a stream may stay without a message."),
    _seconds("initialize_timeout_seconds", "How long initialize may take."),
    _seconds("stall_timeout_seconds", "End a stream whose peer reads nothing for so long."),
    _seconds("token_notice_seconds", "Drain a stream so long before its token ends."),
    _seconds("token_overrun_seconds", "How long requests may outlast their stream's token."),
    _seconds("max_connection_idle_seconds", "Close a connection without streams after so long."),
    _seconds("keepalive_interval_seconds", "Write a frame at least this often; 0 for never."),
    _count("metrics_max_tools", "Tools with series of their own in the metrics."),
    _count("max_in_flight", "Requests unsettled at once on a stream."),
    _count("max_listens", "Subscriptions open at once on a stream."),
    _count("max_pending_notifications", "Handlers of notifications at once on a stream."),
    _count("max_requests_per_server", "Requests running at once in the process; 0: no bound."),
    _count("max_requests_per_caller", "Requests running at once of one caller."),
    _count("max_streams_per_caller", "Sessions and subscriptions open at once of one caller."),
    _count("max_connections", "Connections open at once on a listener."),
    _count("max_concurrent_streams", "Streams and calls open at once on a connection."),
    _bytes("max_message_bytes", "The largest gRPC message, both ways."),
    _bytes("max_envelope_bytes", "The largest JSON-RPC message received, also in pieces."),
    _bytes("fragment_bytes", "Send larger JSON-RPC messages in pieces of this size."),
    _count("max_open_fragments", "Messages received in pieces at once; 0 takes none."),
    _count("max_items_per_frame", "Messages sent in one frame."),
    _count("max_inbound_frame_items", "Items in one frame received; more end the stream."),
    _bytes("max_coalesced_frame_bytes", "No further message joins a frame of this size."),
    _bytes("high_water_bytes", "Bytes queued for a stream before its handlers wait."),
    _count("max_json_depth", "Nesting of JSON that is parsed."),
    _tuning("event_loop", str, "auto|asyncio|uvloop", "What serves; auto: uvloop where it is."),
    _tuning("cpu_affinity", list[str], "CPU", "Run on this CPU alone; repeatable. Linux."),
    _tuning("direct_dispatch", bool, None, "Leave out steps of the SDK that would do nothing."),
    _tuning("gc_freeze", bool, None, "Collect no garbage among what the start made."),
    _tuning("grpc_event_engine", bool, None, "Turned off: an experiment of gRPC, not soaked."),
)
"""In the order of the help. A test holds them against the fields of the settings."""


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives the command each of OPTIONS; typer builds its options from the signature."""
    signature = inspect.signature(command, eval_str=True)
    own = [each for name, each in signature.parameters.items() if name != "options"]
    parameters = [*own, *(option.parameter() for option in OPTIONS)]

    # A function of its own: the command can be registered more than once in a process.
    @functools.wraps(command)
    def with_all(**values: Any) -> None:
        command(**values)

    cast("Any", with_all).__signature__ = signature.replace(parameters=parameters)
    return with_all
