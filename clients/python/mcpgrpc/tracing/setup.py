"""Sets OpenTelemetry's SDK up from its standard variables, for the commands; and ends it.

A library must not do that: what imports mcpgrpc sets up its own provider, or none. Sampler, limits
and batches are what the SDK itself reads from `OTEL_*`. Import it once gRPC is set up: the exporter
of OTLP loads gRPC.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, Final

from mcpgrpc.tracing.environment import OTLP

DEFAULT_SERVICE_NAME: Final = "mcpgrpc"

END_SECONDS: Final = 3.0
"""How long the spans that are left may take on their way to a collector when a command ends."""

_EXPORTERS: Final = "opentelemetry_traces_exporter"
_CONSOLE: Final = "console"
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OTLP_KINDS: Final = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


class TracingSetupError(Exception):
    """Traces cannot be made as the variables ask; the message says why, in one line."""


class Tracing:
    """The provider that was set up.

    Args:
        provider: the SDK's.
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def end(self, timeout_seconds: float = END_SECONDS) -> bool:
        """Send what is left, and stop; False where it was not done in time, and is lost."""
        # Not the SDK's own timeout: it does not reach into an export that hangs.
        ending = threading.Thread(
            target=self._provider.shutdown, name="ending the traces", daemon=True
        )
        ending.start()
        ending.join(timeout_seconds)
        return not ending.is_alive()


def set_up(names: Sequence[str], environment: Mapping[str, str]) -> Tracing:
    """Set the global provider, with a batch of its own for each exporter.

    Args:
        names: the exporters, as `environment.exporters` gives them.
        environment: the variables.

    Raises:
        TracingSetupError: an exporter, or the SDK itself, is not installed or cannot be used.
    """
    try:
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise _missing(error.name or "opentelemetry.sdk") from None
    try:
        # Ended by the command, within a bound, and not when the interpreter is half gone.
        provider = TracerProvider(
            resource=Resource.create(_own_attributes(environment)), shutdown_on_exit=False
        )
        for name in names:
            provider.add_span_processor(BatchSpanProcessor(_exporter(name, environment)))
    except TracingSetupError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a value of a variable made it raise
        raise TracingSetupError(f"OTEL_*: {' '.join(str(error).split())}") from None
    trace.set_tracer_provider(provider)
    return Tracing(provider)


def _exporter(name: str, environment: Mapping[str, str]) -> Any:
    wanted = _otlp(environment) if name == OTLP else name
    found = next(iter(entry_points(group=_EXPORTERS, name=wanted)), None)
    if found is None and wanted in _OTLP_KINDS.values():
        raise _missing(f"the exporter {wanted}")
    if found is None:
        raise TracingSetupError(f"OTEL_TRACES_EXPORTER names {wanted!r}, which is not installed")
    try:
        make = found.load()
    except ModuleNotFoundError as error:
        raise _missing(error.name or wanted) from None
    # Standard output belongs to what the command says.
    return make(out=sys.stderr) if wanted == _CONSOLE else make()


def _otlp(environment: Mapping[str, str]) -> str:
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), "grpc")
    kind = _OTLP_KINDS.get(protocol.strip())
    if kind is None:
        known = " and ".join(_OTLP_KINDS)
        raise TracingSetupError(f"OTLP goes over {known}, not over {protocol!r}")
    return kind


def _own_attributes(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the variables do not say: given attributes would go before theirs."""
    said = environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    names = {pair.partition("=")[0].strip() for pair in said.split(",")}
    if environment.get("OTEL_SERVICE_NAME") or "service.name" in names:
        return {}
    return {"service.name": DEFAULT_SERVICE_NAME}


def _missing(what: str) -> TracingSetupError:
    install = "otlp_proto_http" in what
    package = "opentelemetry-exporter-otlp-proto-http" if install else "'mcpgrpc[otel]'"
    return TracingSetupError(f"OTEL_* asks for traces, which need {what}: pip install {package}")
