"""Whether OpenTelemetry's standard variables ask for traces.

It reads them and loads nothing: every command looks here before it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DISABLED: Final = "OTEL_SDK_DISABLED"
EXPORTER: Final = "OTEL_TRACES_EXPORTER"
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

NO_EXPORTER: Final = "none"
OTLP: Final = "otlp"


def exporters(environment: Mapping[str, str]) -> list[str]:
    """The names of the exporters that are asked for; none where nobody asks for traces.

    An endpoint alone asks for OTLP.
    """
    if environment.get(DISABLED, "").strip().lower() == "true":
        return []
    named = environment.get(EXPORTER, "").strip()
    if not named:
        return [OTLP] if any(environment.get(name) for name in ENDPOINTS) else []
    names = [name for each in named.split(",") if (name := each.strip())]
    return [] if NO_EXPORTER in names else names
