"""What several workers cannot keep, and is refused before any of them starts.

It judges settings alone and knows no process.
"""

from __future__ import annotations

import sys

from mcpgrpc_server.listen_targets import split_security
from mcpgrpc_server.settings import ServerSettings, SettingsError


def check_workers(settings: ServerSettings) -> None:
    """Refuse settings whose meaning would change with the number of workers.

    Raises:
        SettingsError: says which, why, and what to do instead.
    """
    for reason in (_platform(sys.platform), _sockets(settings), _door(settings), _limits(settings)):
        if reason:
            raise SettingsError(f"workers is {settings.workers}, but {reason}")


def _platform(platform: str) -> str:
    if platform == "linux":
        return ""
    return (
        f"only Linux spreads the connections of one port over processes, and this is"
        f" {platform}: serve with one worker"
    )


def _sockets(settings: ServerSettings) -> str:
    for listen in settings.listen:
        _, target = split_security(listen)
        if target.startswith("unix:"):
            return (
                f"{target} can be listened on by one process alone: listen on HOST:PORT, or serve"
                " with one worker"
            )
    return ""


def _door(settings: ServerSettings) -> str:
    if not settings.http:
        return ""
    return (
        "a session of HTTP lives in one process, and its next request may reach another: leave"
        " http out and run `mcpgrpc gateway ADDRESS` in front, or serve with one worker"
    )


def _limits(settings: ServerSettings) -> str:
    limited = settings.rate_limit or settings.rate_limit_tool
    if not limited or settings.redis.get_secret_value():
        return ""
    return (
        "each would count the requests of a rate limit for itself: name a Redis to count in with"
        " --redis, or serve with one worker"
    )
