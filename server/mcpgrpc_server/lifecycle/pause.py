"""How long the parts of a drain take, from the settings; whoever keeps processes asks as well.

It waits for nothing and loads no gRPC; `draining` beside it does.
"""

from __future__ import annotations

from typing import Final

from mcpgrpc_server.listen_targets import is_local
from mcpgrpc_server.settings import ServerSettings

PAUSE_SECONDS: Final = 5.0
"""Where others can route to a server: Kubernetes takes a second or two until endpoints are known
everywhere, and an active health check of a proxy asks every few."""


def pause_seconds_of(settings: ServerSettings) -> float:
    """How long a drain waits before it begins; "auto" depends on who can connect."""
    if not isinstance(settings.drain_pause_seconds, str):
        return settings.drain_pause_seconds
    listeners = (*settings.listen, *filter(None, (settings.http,)))
    return 0.0 if all(is_local(each) for each in listeners) else PAUSE_SECONDS
