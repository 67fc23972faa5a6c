"""Where the HTTP door listens, and how its connections are set up."""

from __future__ import annotations

import socket

import pytest

from mcpgrpc.errors import UsageError
from mcpgrpc.gateway.serving import bound


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_no_message_waits_for_the_acknowledgement_of_the_one_before(host: str) -> None:
    with bound(f"{host}:0") as listener, socket.socket(listener.family) as client:
        client.connect(listener.getsockname())
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("listen", ["8080", ":8080", "127.0.0.1:", "127.0.0.1:65536", "host:x"])
def test_what_is_no_address_is_said(listen: str) -> None:
    with pytest.raises(UsageError, match="is no address to listen on: write host:port"):
        bound(listen)


def test_an_address_of_another_machine_is_said_with_the_reason() -> None:
    with pytest.raises(UsageError, match=r"cannot listen on 192\.0\.2\.1:0: "):
        bound("192.0.2.1:0")
