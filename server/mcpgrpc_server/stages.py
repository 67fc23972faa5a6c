"""The stages that the settings ask for, in the order in which a request meets them.

It holds no stage itself: `rights` and the rooms beside it do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mcpgrpc.logs.redaction import Redaction
from mcpgrpc_server.admission.stage import ConcurrencyStage
from mcpgrpc_server.audit.stage import AuditStage
from mcpgrpc_server.backend import Backend
from mcpgrpc_server.caching.stage import PrivateStage
from mcpgrpc_server.fleet.redis_client import redis_url
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
        wants_arguments = settings.audit == "arguments"
        stages.append(AuditStage(Redaction(settings.log_redact) if wants_arguments else None))
    # Ahead of what costs more than a refusal does: who has too much to do says so at once.
    stages.append(
        ConcurrencyStage(settings.max_requests_per_caller, settings.max_requests_per_server)
    )
    if settings.policy:
        # Above the rights, whose answers differ from caller to caller.
        stages.append(PrivateStage())
        stages.append(_rights(settings.policy))
    if settings.rate_limit or settings.rate_limit_tool:
        stages.append(_rate_limits(settings))
    return tuple(stages)


def guarded(backend: Backend, settings: ServerSettings, stages: Iterable[Stage]) -> Backend:
    """The backend behind what judges and mirrors notifications: stages see requests alone."""
    if settings.log_notifications:
        from mcpgrpc_server.mirrored_notifications import MirroredBackend

        backend = MirroredBackend(backend)
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
    from mcpgrpc_server.rate_limits.counters import MemoryCounters, RedisCounters

    url = redis_url(settings)
    return RedisCounters(url, settings.redis_prefix) if url else MemoryCounters()


def _rights(path: str) -> Stage:
    from mcpgrpc_server.rights.policy import parse_policy
    from mcpgrpc_server.rights.stage import RightsStage

    try:
        return RightsStage(WatchedFile(path, parse_policy, what="policy"))
    except WatchedFileError as error:
        raise SettingsError(str(error)) from None
