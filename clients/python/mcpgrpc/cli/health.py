"""`mcpgrpc health`: what `grpc.health.v1` says of a server, for people, scripts and probes.

It is not an MCP request: it needs nothing but the standard health service.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import typer

from mcpgrpc.cli.address import AddressWord, only_address
from mcpgrpc.cli.connection import credential, run, security
from mcpgrpc.cli.failures import CommandError
from mcpgrpc.cli.options import CommonOptions, seconds
from mcpgrpc.cli.terminal import one_line, write, write_json
from mcpgrpc.cli.words import add_command

if TYPE_CHECKING:
    import grpc

_STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_FIRST_PAUSE_SECONDS = 0.1
_MAX_PAUSE_SECONDS = 1.0
_MAX_ATTEMPT_SECONDS = 10.0


def register(app: typer.Typer) -> None:
    """Adds the command."""
    add_command(app, health)


def health(
    address: AddressWord = None,
    service: Annotated[
        str, typer.Option("--service", metavar="NAME", help="One service, by its full name.")
    ] = "",
    wait: Annotated[
        str | None,
        typer.Option("--wait", metavar="SECONDS", help="Wait until it serves, so long at most."),
    ] = None,
    *,
    options: CommonOptions,
) -> None:
    """Ask whether a server serves; exit code 0 if it does."""
    probe = Probe(only_address(address), service, options)
    wait_seconds = None if wait is None else seconds("wait", wait)
    status = run(probe.once() if wait_seconds is None else probe.until_serving(wait_seconds))
    if options.wants_json:
        write_json({"status": status})
    else:
        write(status)
    if status != "SERVING":
        raise CommandError(f"{_after(wait_seconds)}{probe.what} is {status}")


class Probe:
    """Asks one server for the status of one service; the empty name means the whole server."""

    def __init__(self, address: str, service: str, options: CommonOptions) -> None:
        self.what = f"{service} at {address}" if service else address
        self._address = address
        self._service = service
        self._options = options

    async def until_serving(self, wait_seconds: float) -> str:
        """SERVING as soon as it is said, else what is said when the time is up.

        Raises:
            CommandError: nothing is said when the time is up.
        """
        deadline = time.monotonic() + wait_seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            left = deadline - time.monotonic()
            status: str | CommandError = await self._attempt(max(left, _FIRST_PAUSE_SECONDS))
            left = deadline - time.monotonic()
            if status == "SERVING" or left <= 0:
                break
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, _MAX_PAUSE_SECONDS)
        if isinstance(status, CommandError):
            raise CommandError(f"{_after(wait_seconds)}{status}")
        return status

    async def once(self, timeout_seconds: float = _MAX_ATTEMPT_SECONDS) -> str:
        """The status that the server tells.

        Raises:
            CommandError: it tells none.
        """
        import grpc
        from google.protobuf.wrappers_pb2 import Int32Value, StringValue

        from mcpgrpc.channel import open_channel
        from mcpgrpc.credentials import credential_metadata

        timeout = min(timeout_seconds, self._options.timeout_seconds)
        # A channel of its own for each attempt: no attempt waits out the backoff of another.
        async with open_channel(self._address, security(self._options)) as channel:
            # HealthCheckRequest{string service = 1} and HealthCheckResponse{enum status = 1} are
            # these two on the wire, so no client needs the stubs of the health service.
            check = channel.unary_unary(
                "/grpc.health.v1.Health/Check",
                request_serializer=StringValue.SerializeToString,
                response_deserializer=Int32Value.FromString,
            )
            metadata = await credential_metadata(credential(self._options))
            try:
                reply = await check(
                    StringValue(value=self._service), timeout=timeout, metadata=metadata
                )
            except grpc.aio.AioRpcError as error:
                raise CommandError(self._reason(error)) from error
        return _STATUSES[reply.value] if reply.value in range(len(_STATUSES)) else "UNKNOWN"

    async def _attempt(self, timeout_seconds: float) -> str | CommandError:
        try:
            return await self.once(min(timeout_seconds, _MAX_ATTEMPT_SECONDS))
        except CommandError as error:
            return error

    def _reason(self, error: grpc.aio.AioRpcError) -> str:
        name, details = error.code().name, one_line(error.details() or "")
        match name:
            case "NOT_FOUND":
                return f"{self._address} serves no {self._service!r}"
            case "UNIMPLEMENTED":
                return f"{self._address} answers no health checks"
            case "UNAVAILABLE" | "DEADLINE_EXCEEDED":
                hint = "check the address, or start one with: mcpgrpc serve APP"
                return f"no server answers at {self._address}; {hint} ({details})"
        return f"{self._address} refuses the health check: {name}: {details}"


def _after(wait_seconds: float | None) -> str:
    return "" if wait_seconds is None else f"after {wait_seconds:g} s: "
