"""The stages that the settings ask for, in the order in which a request meets them.

It holds no stage itself: `rights` and the rooms beside it do.
"""

from __future__ import annotations

from mcpgrpc_server.pipeline import Stage
from mcpgrpc_server.rights.policy import parse_policy
from mcpgrpc_server.rights.stage import RightsStage
from mcpgrpc_server.settings import ServerSettings, SettingsError
from mcpgrpc_server.watched_file import WatchedFile, WatchedFileError


def stages_of(settings: ServerSettings) -> tuple[Stage, ...]:
    """What stands between the streams of a server and its backend.

    Raises:
        SettingsError: a file of them cannot be used.
    """
    stages: list[Stage] = []
    if settings.policy:
        stages.append(_rights(settings.policy))
    return tuple(stages)


def _rights(path: str) -> Stage:
    try:
        return RightsStage(WatchedFile(path, parse_policy, what="policy"))
    except WatchedFileError as error:
        raise SettingsError(str(error)) from None
