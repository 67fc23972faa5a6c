"""What a server offers: its app, its upstreams, or all of them as one.

It decides by the settings alone, before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeGuard

from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import Backend
from mcpgrpc_server.settings import ServerSettings, SettingsError
from mcpgrpc_server.upstream.settings import APP_NAME, UpstreamTable

# Each room is entered where the settings first need it: who names no upstream loads no client and
# no merge.
if TYPE_CHECKING:
    from mcpgrpc_server.merge.member import Member
    from mcpgrpc_server.upstream.pool import UpstreamBounds


@dataclass(frozen=True, slots=True)
class Offering:
    """What a server offers.

    Attributes:
        backend: answers the requests.
        upstreams: whether each can serve, by its name.
    """

    backend: Backend
    upstreams: Mapping[str, Availability] = field(default_factory=dict)


def offering_of(app: object, settings: ServerSettings) -> Offering:
    """The app, the upstreams, or all of them as one.

    Args:
        app: an SDK `MCPServer` or low-level `Server`, or a `Backend`; None where the settings name
            upstreams.
        settings: which upstreams there are.

    Raises:
        TypeError: the app is none of these, or there is none and no upstream either.
        SettingsError: an upstream has the name that the app has among upstreams.
    """
    upstreams = settings.named_upstreams()
    if not upstreams:
        return Offering(_of_app(app, settings))
    if app is not None and APP_NAME in upstreams:
        raise SettingsError(
            f"an upstream is called {APP_NAME}, which the app beside it is; put another NAME= in"
            " front of the upstream"
        )
    is_alone = app is None and len(upstreams) == 1
    members = list(_members(app, settings, is_alone=is_alone))
    states = {each.name: each.backend.availability for each in members if each.name in upstreams}
    if is_alone and not members[0].always_prefix:
        return Offering(members[0].backend, states)
    from mcpgrpc_server.merge.backend import MergedBackend

    return Offering(MergedBackend(members), states)


def _members(app: object, settings: ServerSettings, *, is_alone: bool) -> Iterator[Member]:
    from mcpgrpc_server.merge.member import Member
    from mcpgrpc_server.upstream.backend import UpstreamBackend
    from mcpgrpc_server.upstream.connectors import connector_of

    if app is not None:
        yield Member(APP_NAME, _of_app(app, settings))
    for name, table in settings.named_upstreams().items():
        always_prefix = table.prefix == "always"
        backend = UpstreamBackend(
            connector_of(name, table), _bounds(table), is_alone=is_alone and not always_prefix
        )
        yield Member(name, backend, always_prefix)


def _bounds(table: UpstreamTable) -> UpstreamBounds:
    from mcpgrpc_server.upstream.pool import UpstreamBounds

    is_command = table.command is not None
    return UpstreamBounds(
        max_sessions=table.max_processes if is_command else table.max_sessions,
        max_sessions_setting="max_processes" if is_command else "max_sessions",
        start_timeout_seconds=table.start_timeout_seconds,
        probe_interval_seconds=table.probe_interval_seconds,
        session_idle_seconds=table.session_idle_seconds,
    )


def _of_app(app: object, settings: ServerSettings) -> Backend:
    if _is_backend(app):
        return app
    from mcpgrpc_server.sdk.app import SdkApp

    return SdkApp(app, direct_dispatch=settings.direct_dispatch)


def _is_backend(app: object) -> TypeGuard[Backend]:
    return all(hasattr(app, name) for name in ("availability", "lifespan", "connect", "summary"))
