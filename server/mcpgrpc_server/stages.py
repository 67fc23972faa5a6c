"""The stages that the settings ask for, in the order in which a request meets them.

It holds no stage itself: `rights` and the rooms beside it do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mcpgrpc_server.admission.stage import ConcurrencyStage
from mcpgrpc_server.audit.stage import AuditStage
from mcpgrpc_server.backend import Backend
from mcpgrpc_server.caching.stage import PrivateStage
from mcpgrpc_server.pipeline import Stage
from mcpgrpc_server.settings import ServerSettings, SettingsError
from mcpgrpc_server.watched_file import WatchedFile, WatchedFileError

# A stage that the settings do not ask for is not loaded; the library that counts is a tenth of a
# start.
if TYPE_CHECKING:
    from mcpgrpc_server.rate_limits.counters import Counters


def stages_of(settings: ServerSettings) -> tuple[Stage, ...]:
    """What stands between the streams of a server and its backend.

    Raises:
        SettingsError: a file of them cannot be used.
    """
    stages: list[Stage] = []
    if settings.audit != "off":
        stages.append(AuditStage(with_arguments=settings.audit == "arguments"))
    if settings.policy:
        # Above the rights, whose answers differ from caller to caller.
        stages.append(PrivateStage())
        stages.append(_rights(settings.policy))
    if settings.rate_limit or settings.rate_limit_tool:
        stages.append(_rate_limits(settings))
    stages.append(ConcurrencyStage(settings.max_requests_per_caller))
    return tuple(stages)


def guarded(backend: Backend, settings: ServerSettings, stages: Iterable[Stage]) -> Backend:
    """The backend behind what judges notifications by the policy: stages see requests alone."""
    if not settings.policy:
        return backend
    from mcpgrpc_server.rights.notifications import JudgedBackend
    from mcpgrpc_server.rights.stage import RightsStage

    for stage in stages:
        if isinstance(stage, RightsStage):
            backend = JudgedBackend(backend, stage)
    return backend


def _rate_limits(settings: ServerSettings) -> Stage:
    from mcpgrpc_server.rate_limits.budgets import budgets_of
    from mcpgrpc_server.rate_limits.stage import RateLimitStage

    budgets = budgets_of(settings.rate_limit, settings.rate_limit_tool)
    return RateLimitStage(
        budgets, _counters(settings), open_without_counters=settings.redis_away == "open"
    )


def _counters(settings: ServerSettings) -> Counters:
    from limits.errors import ConfigurationError

    from mcpgrpc_server.rate_limits.counters import MemoryCounters, RedisCounters

    url = settings.redis.get_secret_value()
    if not url:
        return MemoryCounters()
    try:
        return RedisCounters(url)
    except (ConfigurationError, ModuleNotFoundError):
        raise SettingsError("redis needs a package: pip install 'mcpgrpc[redis]'") from None
    except ValueError:
        # Whatever is wrong with it, the address may hold a password.
        raise SettingsError("redis is no address that its client can use") from None


def _rights(path: str) -> Stage:
    from mcpgrpc_server.rights.policy import parse_policy
    from mcpgrpc_server.rights.stage import RightsStage

    try:
        return RightsStage(WatchedFile(path, parse_policy, what="policy"))
    except WatchedFileError as error:
        raise SettingsError(str(error)) from None
