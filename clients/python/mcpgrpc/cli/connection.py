"""A client made of a command's options, and one piece of work done with it.

It decides nothing about what is asked: that is each command's own.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from mcpgrpc.cli import tracing
from mcpgrpc.cli.failures import CommandError, MisuseError
from mcpgrpc.cli.options import CommonOptions

if TYPE_CHECKING:
    import asyncio

    from mcpgrpc.channel import ChannelSecurity
    from mcpgrpc.client import Client
    from mcpgrpc.credentials import ApiKeyFile, TokenFile

Answer = TypeVar("Answer")
Item = TypeVar("Item")

_MAX_CONNECT_SECONDS = 5.0
"""A person at a terminal waits less than a service that comes up beside its server."""

_CAPABILITIES: dict[str, Any] = {"elicitation": {"form": {}, "url": {}}}
"""Questions of a tool are answered by the person or by `--input`."""


def ask(
    address: str, options: CommonOptions, work: Callable[[Client], Awaitable[Answer]]
) -> Answer:
    """Connects, does the work and disconnects. Ctrl-C cancels it here and on the server.

    Raises: as `run`.
    """

    async def connected() -> Answer:
        async with client(address, options) as connection:
            return await work(connection)

    return run(connected())


async def listed(listing: Awaitable[list[Item]]) -> list[Item] | None:
    """What is listed; None where the server has no such method because it has no such things."""
    from mcpgrpc.binding.errors import METHOD_NOT_FOUND
    from mcpgrpc.errors import RemoteError

    try:
        return await listing
    except RemoteError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
        return None


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Does asynchronous work in an event loop of its own.

    Raises:
        MisuseError: what was given is of no use to the client.
        CommandError: nobody is there, the server refused, or it did not answer in time.
        KeyboardInterrupt: after the cancellation was sent.
    """
    # grpc comes in with the client and nowhere earlier: help and mistakes are told at once.
    from mcpgrpc.errors import McpGrpcError, UsageError

    tracing.begin()
    try:
        return _runner().run(work)
    except UsageError as error:
        raise MisuseError(str(error)) from error
    except McpGrpcError as error:
        raise CommandError(str(error)) from error


@functools.cache
def _runner() -> asyncio.Runner:
    """The one event loop of the process: grpc.aio does not survive a second."""
    import asyncio

    runner = asyncio.Runner()
    atexit.register(_close, runner)
    return runner


def _close(runner: asyncio.Runner) -> None:
    """Closing waits for a loop's executor in a thread, and Python 3.12 starts none while it exits.

    The executor's own threads have ended by then, and the loop is closed in any case.
    """
    with contextlib.suppress(RuntimeError):
        runner.close()


def client(address: str, options: CommonOptions) -> Client:
    """A client that is not connected yet."""
    from mcpgrpc.client import Client

    return Client(
        address,
        security=security(options),
        token=credential(options),
        timeout_seconds=options.timeout_seconds,
        connect_timeout_seconds=min(options.timeout_seconds, _MAX_CONNECT_SECONDS),
        capabilities=_CAPABILITIES,
    )


def security(options: CommonOptions) -> ChannelSecurity:
    """TLS as the options ask for it, else plaintext."""
    from mcpgrpc.channel import ChannelSecurity

    return ChannelSecurity(
        tls=options.tls,
        tls_ca=options.tls_ca,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
        tls_server_name=options.tls_server_name,
        insecure=options.insecure,
    )


def credential(options: CommonOptions) -> TokenFile | ApiKeyFile | None:
    """Who calls; the file is read when it is needed, so that a rotated one is seen."""
    from mcpgrpc.credentials import ApiKeyFile, TokenFile

    if options.token_file is not None:
        return TokenFile(options.token_file)
    return ApiKeyFile(options.api_key_file) if options.api_key_file is not None else None
