"""The one way to a client of the Redis that the settings name: its bounds, and what is refused.

It opens no connection: a client does when it is first used. An address may hold a password, so no
text of an error and no line of a log has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mcpgrpc_server.settings import ServerSettings, SettingsError

# Who names no Redis need not have its client.
if TYPE_CHECKING:
    from redis.asyncio import Redis

COMMAND_SECONDS: Final = 5.0
"""How long a command may take; nobody's request waits for it."""

MAX_CONNECTIONS: Final = 100
"""Of one client; whoever needs more at once is refused by it."""


def redis_client(url: str, *, timeout_seconds: float = COMMAND_SECONDS, retries: int = 0) -> Redis:
    """A client of a Redis.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        timeout_seconds: how long a connection may take, and how long a command beside it.
        retries: how often a command is sent again on a new connection; with none, whoever has the
            client hears of every connection that is lost.

    Raises:
        ValueError: it is no address.
    """
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    options: dict[str, Any] = {
        "socket_connect_timeout": timeout_seconds,
        "socket_timeout": timeout_seconds,
        "max_connections": MAX_CONNECTIONS,
        "retry": Retry(NoBackoff(), retries),
        # Messages come as in every version of Redis.
        "protocol": 2,
    }
    return Redis.from_url(url, **options)


def redis_url(settings: ServerSettings) -> str:
    """The address of the settings, known to be usable; empty where there is none.

    Raises:
        SettingsError: it is none, or there is no client for it.
    """
    url = settings.redis.get_secret_value()
    if not url:
        return ""
    try:
        redis_client(url)
    except ModuleNotFoundError:
        raise SettingsError("redis needs a package: pip install 'mcpgrpc[redis]'") from None
    except Exception:  # noqa: BLE001 - whatever is wrong with it, its text may hold the password
        raise SettingsError("redis is no address that its client can use") from None
    return url
