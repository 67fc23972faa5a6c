"""Which word is the ADDRESS; no server is needed to know."""

import pytest

from mcpgrpc.cli.address import (
    address_and_last,
    address_and_name,
    is_address,
    only_address,
)
from mcpgrpc.cli.failures import MisuseError
from mcpgrpc.targets import DEFAULT_TARGET


@pytest.mark.parametrize(
    "word",
    [
        "127.0.0.1:50051",
        "localhost:1",
        "tools.example.com:65535",
        "my_service:50051",
        "[::1]:50051",
        "dns:///tools:50051",
        "dns:tools:50051",
        "ipv4:10.0.0.1:50051,10.0.0.2:50051",
        "unix:/run/tools.sock",
        "unix:tools.sock",
        "unix:///run/tools.sock",
        "unix-abstract:tools",
        "10.0.0.1:50051,10.0.0.2:50051",
        "a:1,unix:/run/tools.sock",
    ],
)
def test_an_address_is_recognised_by_its_form(word: str) -> None:
    assert is_address(word)


@pytest.mark.parametrize(
    "word",
    [
        "search",
        "localhost",
        "127.0.0.1",
        "host:port",
        "host:",
        ":50051",
        "::1",
        "a:b:1",
        "admin/tools.list",
        "file:///example.txt",
        "https://example.com:443/",
        "stdlib://json",
        "query=a:1",
        "host:٣",
        "",
        "unix:",
    ],
)
def test_a_tool_a_uri_and_a_value_are_no_addresses(word: str) -> None:
    assert not is_address(word)


@pytest.mark.parametrize("word", ["host:0", "host:65536", "host:99999999999", "a:1,b:0"])
def test_a_port_out_of_range_is_said_so(word: str) -> None:
    with pytest.raises(MisuseError, match="a port is between 1 and 65535"):
        is_address(word)


def test_a_list_with_one_word_that_is_no_address_names_that_word() -> None:
    with pytest.raises(MisuseError, match="'b' in 'a:1,b' is not an address"):
        is_address("a:1,b")


def test_the_address_is_the_default_when_it_is_left_out() -> None:
    assert only_address(None) == DEFAULT_TARGET == "127.0.0.1:50051"
    words = ["search", "query=json"]
    assert address_and_name(words, "TOOL") == (DEFAULT_TARGET, "search", ["query=json"])


def test_the_address_comes_first_when_it_is_given() -> None:
    words = ["10.0.0.1:1", "search", "query=json"]
    assert address_and_name(words, "TOOL") == ("10.0.0.1:1", "search", ["query=json"])


def test_a_name_that_looks_like_an_address_is_taken_after_an_address() -> None:
    assert address_and_last(["a:1", "tel:555"], "URI") == ("a:1", "tel:555")


def test_a_lone_word_that_may_be_either_is_refused() -> None:
    with pytest.raises(MisuseError, match="no URI after 'tel:555', which reads as the address"):
        address_and_last(["tel:555", None], "URI")


def test_a_host_without_a_port_is_not_taken_for_an_address() -> None:
    with pytest.raises(MisuseError, match=r"'localhost' is not an address \(host:port"):
        only_address("localhost")
    with pytest.raises(MisuseError, match="'localhost', which stands before 'x', is not an addr"):
        address_and_last(["localhost", "x"], "URI")


def test_nothing_at_all_names_what_is_missing() -> None:
    with pytest.raises(MisuseError, match="no TOOL given"):
        address_and_name([None, None], "TOOL")
