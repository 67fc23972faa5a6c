"""gRPC without its event engine: an experiment of gRPC that is set before gRPC is imported.

It neither imports gRPC nor promises anything: gRPC may drop the experiment in any release.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from typing import Final

from mcpgrpc_server.settings import SettingsError

VARIABLE: Final = "GRPC_EXPERIMENTS"
WITHOUT_EVENT_ENGINE: Final = ("-event_engine_client", "-event_engine_listener")


def turn_event_engine_off(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let gRPC do without, by its variable; a second call changes nothing.

    Args:
        environment: the process's own.

    Raises:
        SettingsError: gRPC is imported already and was not told before, so it would not heed it.
    """
    said = [word for word in environment.get(VARIABLE, "").split(",") if word]
    missing = [word for word in WITHOUT_EVENT_ENGINE if word not in said]
    if not missing:
        return
    if "grpc" in sys.modules:
        raise SettingsError(
            "grpc_event_engine cannot be turned off once gRPC is imported: start the process with"
            f" {VARIABLE}={','.join(WITHOUT_EVENT_ENGINE)}, or serve with `mcpgrpc serve`"
        )
    environment[VARIABLE] = ",".join([*said, *missing])
