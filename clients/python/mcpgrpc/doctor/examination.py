"""The order of an examination: from the name to the service, and no further than makes sense.

It judges nothing itself: `network`, `tls` and `service` do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import grpc

from mcpgrpc.channel import ChannelSecurity, open_channel
from mcpgrpc.credentials import TokenSource, credential_metadata
from mcpgrpc.doctor import network, service, tls
from mcpgrpc.doctor.findings import Finding, Level, skipped
from mcpgrpc.doctor.rpcs import Rpcs
from mcpgrpc.targets import grpc_target, is_local

SERVICE_CHECKS: Final = (
    *("health", "reflection", "authentication", "versions"),
    *("round trip", "limits", "clock"),
)


async def examine(
    address: str,
    security: ChannelSecurity | None = None,
    token: TokenSource | None = None,
    *,
    timeout_seconds: float = 5.0,
) -> AsyncIterator[Finding]:
    """Look at everything between here and a server, in order; each finding as soon as it is made.

    Args:
        address: as for `Client`.
        security: TLS; plaintext when left out.
        token: who calls; nobody when left out.
        timeout_seconds: for each step.

    Raises:
        UsageError: the address, a TLS file or the credential is not usable.
    """
    security = security if security is not None else ChannelSecurity()
    target = grpc_target(address)
    metadata = await credential_metadata(token)
    found, endpoints = await network.resolved(target, timeout_seconds)
    yield found
    last = found
    if endpoints:
        last = await network.connected(endpoints, timeout_seconds)
        yield last
    if endpoints and last.level is not Level.FAILED:
        last = await tls.secured(endpoints[0], security, timeout_seconds)
        yield last
    if last.level is Level.FAILED:
        for check in SERVICE_CHECKS:
            yield skipped(check, f"{last.check} failed")
        return
    async with open_channel(address, security, is_shared=False) as channel:
        examination = _Service(Rpcs(channel, timeout_seconds), metadata, local=is_local(address))
        async for each in examination.findings():
            yield each


class _Service:
    def __init__(self, rpcs: Rpcs, metadata: tuple[tuple[str, str], ...], *, local: bool) -> None:
        self._rpcs = rpcs
        self._metadata = metadata
        self._local = local

    async def findings(self) -> AsyncIterator[Finding]:
        told = await self._rpcs.health("", self._metadata)
        yield service.health(told, "the server")
        yield service.reflection(await self._rpcs.services(self._metadata))
        opened = await self._rpcs.settings(self._metadata)
        without = await self._rpcs.settings(()) if self._metadata else None
        yield service.authentication(opened, without, is_local=self._local)
        is_in = opened.code is grpc.StatusCode.OK
        if is_in:
            yield service.versions(await self._rpcs.discover(self._metadata))
        else:
            yield skipped("versions", "nobody is let in")
        times = await service.round_trips(self._rpcs, self._metadata)
        yield service.round_trip(times)
        yield await self._limits(opened.answer) if is_in else skipped("limits", "nobody is let in")
        yield service.clock(told)

    async def _limits(self, settings: object) -> Finding:
        takes_large = getattr(settings, "max_frame_bytes", 0) > service.LARGE_BYTES * 1.01
        large = None
        if takes_large:
            large = await self._rpcs.discover(self._metadata, service.LARGE_BYTES)
        return service.limits(settings, large)
