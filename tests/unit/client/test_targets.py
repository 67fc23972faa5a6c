"""ADDRESS in the forms that people write, and in forms that they should not."""

from __future__ import annotations

import pytest

from mcpgrpc.errors import UsageError
from mcpgrpc.targets import grpc_target


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("127.0.0.1:50051", "127.0.0.1:50051"),
        ("tools.example:443", "tools.example:443"),
        ("[::1]:50051", "[::1]:50051"),
        ("dns:///tools:50051", "dns:///tools:50051"),
        ("unix:/run/mcp.sock", "unix:/run/mcp.sock"),
        ("10.0.0.1:1,10.0.0.2:2", "ipv4:10.0.0.1:1,10.0.0.2:2"),
        ("10.0.0.1:1, 10.0.0.2:2", "ipv4:10.0.0.1:1,10.0.0.2:2"),
        ("[::1]:1,[::2]:2", "ipv6:[::1]:1,[::2]:2"),
    ],
)
def test_an_address_becomes_what_grpc_takes(address: str, target: str) -> None:
    assert grpc_target(address) == target


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost",
        ":50051",
        "host:",
        "host:65536",
        "a b:1",
        "http://host:1",
        "host:1,",
        "::1:5",
    ],
)
def test_what_is_no_address_is_refused_with_the_forms_that_are(address: str) -> None:
    with pytest.raises(UsageError, match=r"write host:port, dns:///name:port, unix:path"):
        grpc_target(address)


@pytest.mark.parametrize("address", ["a:1,b:2", "10.0.0.1:1,[::1]:2"])
def test_a_list_takes_addresses_of_one_kind(address: str) -> None:
    with pytest.raises(UsageError, match="a list takes"):
        grpc_target(address)
