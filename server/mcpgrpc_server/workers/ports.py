"""The ports that workers share: found free, and then held by the supervisor as long as it runs.

Nobody connects to these sockets: they are bound and never listen, so the kernel spreads connections
over the workers alone.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from mcpgrpc_server.listen_targets import split_security
from mcpgrpc_server.listeners import ListenError, check_free, split


@contextmanager
def held_ports(listen: Sequence[str]) -> Iterator[list[str]]:
    """Hold the ports of listeners; gives the listeners, each with the port that it really has.

    Args:
        listen: `[plaintext:|tls:|mtls:]HOST:PORT`, port 0 for a free one.

    Raises:
        ListenError: a port is taken, also by another service with workers, or not this machine's.
    """
    with ExitStack() as held:
        yield [_held(each, held) for each in listen]


def _held(listen: str, held: ExitStack) -> str:
    security, address = split_security(listen)
    host, port = split(address)
    # Without SO_REUSEPORT, or whoever listens with it would be joined and not noticed.
    check_free(host, port, address)
    bound = held.enter_context(_bound(host, port, address))
    target = f"{host}:{bound.getsockname()[1]}"
    return target if security is None else f"{security.value}:{target}"


def _bound(host: str, port: int, address: str) -> socket.socket:
    name = host.removeprefix("[").removesuffix("]")
    family, kind, protocol, _, where = socket.getaddrinfo(
        name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(where)
    except OSError as error:
        bound.close()
        raise ListenError(f"cannot hold {address} for the workers: {error.strerror}") from None
    return bound
