"""The two kinds of upstream as `Connector`s: a command, and a URL.

Nothing of a caller goes to either: what they send comes from the settings alone.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx2

from mcpgrpc.errors import UsageError
from mcpgrpc.stream.carrier import Carrier, Inbox
from mcpgrpc_server.settings import SettingsError
from mcpgrpc_server.upstream.connector import Connector
from mcpgrpc_server.upstream.header_files import HeaderFiles
from mcpgrpc_server.upstream.http.call_carrier import HttpCallCarrier
from mcpgrpc_server.upstream.http.client import open_http_client
from mcpgrpc_server.upstream.http.session_carrier import HttpSessionCarrier
from mcpgrpc_server.upstream.settings import UpstreamTable
from mcpgrpc_server.upstream.stdio.carrier import StdioCarrier
from mcpgrpc_server.upstream.stdio.environment import child_environment
from mcpgrpc_server.upstream.stdio.limits import StdioLimits
from mcpgrpc_server.upstream.stdio.process import Command

_FOR_MANY: Final = StdioLimits()
_FOR_ONE: Final = StdioLimits(settle_seconds=0)


def connector_of(name: str, table: UpstreamTable) -> Connector:
    """What reaches an upstream of the settings."""
    if table.command is not None:
        return CommandConnector(name, table)
    if table.url is not None:
        return UrlConnector(name, table)
    raise AssertionError("the settings let no upstream pass without a command or a URL")


class CommandConnector:
    """Starts a command for each carrier.

    Args:
        name: the upstream's.
        table: its settings, of a command.
    """

    is_command = True

    def __init__(self, name: str, table: UpstreamTable) -> None:
        self.name = name
        self._argv = tuple(table.command or ())
        self._table = table

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Processes have nothing in common."""
        yield

    def session_carrier(self, inbox: Inbox, *, for_one: bool) -> Carrier:
        """A process, which is started when the carrier is opened."""
        return StdioCarrier(self.name, self._command(), inbox, _FOR_ONE if for_one else _FOR_MANY)

    def request_carrier(self, inbox: Inbox) -> Carrier:
        """A process, which is started when the carrier is opened."""
        return StdioCarrier(self.name, self._command(), inbox, _FOR_MANY)

    def _command(self) -> Command:
        given = {name: value.get_secret_value() for name, value in self._table.env.items()}
        environment = child_environment(os.environ, self._table.env_from, given)
        directory = None if self._table.cwd is None else str(self._table.cwd)
        return Command(self._argv, environment, directory)


class UrlConnector:
    """Reaches a URL over one HTTP client for all carriers.

    Args:
        name: the upstream's.
        table: its settings, of a URL.
    """

    is_command = False

    def __init__(self, name: str, table: UpstreamTable) -> None:
        self.name = name
        self._url = table.url or ""
        self._table = table
        self._files = HeaderFiles(name, table.header_files)
        self._client: httpx2.AsyncClient | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keep the HTTP client.

        Raises:
            SettingsError: `tls_ca` cannot be used.
        """
        try:
            client = open_http_client(ca_file=self._table.tls_ca)
        except UsageError as error:
            raise SettingsError(f"upstream {self.name}: {error}") from None
        client.event_hooks = {"request": [self._files.add_to]}
        async with client:
            self._client = client
            yield

    def session_carrier(self, inbox: Inbox, *, for_one: bool) -> Carrier:
        """A session of the legacy era; the wire says what belongs to which request."""
        return HttpSessionCarrier(self.name, self._url, self._headers(), inbox, self._opened())

    def request_carrier(self, inbox: Inbox) -> Carrier:
        """A POST for each request."""
        return HttpCallCarrier(self.name, self._url, self._headers(), inbox, self._opened())

    def _headers(self) -> dict[str, str]:
        """Those that stand in the settings; the client adds those that stand in files."""
        self._files.check()
        return {name: value.get_secret_value() for name, value in self._table.headers.items()}

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            raise AssertionError("carriers are made while the connector is open")
        return self._client
