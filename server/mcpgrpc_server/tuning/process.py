"""What tuning does to a process before it serves.

It makes no event loop and starts no server.
"""

from __future__ import annotations

from mcpgrpc_server.tuning.cpu_affinity import pin
from mcpgrpc_server.tuning.event_engine import turn_event_engine_off
from mcpgrpc_server.tuning.settings import TuningSettings


def prepare_process(settings: TuningSettings) -> None:
    """Do what has to be done early: before gRPC is imported and before there are threads.

    A second call changes nothing.

    Raises:
        SettingsError: a switch cannot be had here, or it is too late for it.
    """
    if not settings.grpc_event_engine:
        turn_event_engine_off()
    if settings.cpu_affinity:
        pin(settings.cpu_affinity)
