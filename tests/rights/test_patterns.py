"""Which names and URIs a pattern means."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc_server.rights.patterns import MAX_NAME_CHARACTERS, Pattern


@given(st.text("ab*?[.", min_size=1, max_size=8), st.text("ab*?[.", max_size=10))
def test_a_star_is_any_run_of_characters_and_everything_else_means_itself(
    pattern: str, name: str
) -> None:
    means = ".*".join(re.escape(piece) for piece in pattern.split("*"))
    assert Pattern(pattern).matches(name) == bool(re.fullmatch(means, name, re.DOTALL))


@pytest.mark.parametrize(
    "uri",
    [
        "file:///public/../secret",
        "file:///public/..",
        "file:///public/./../secret",
        "file:///public/%2e%2e/secret",
        "file:///public/.%2E/secret",
        "file:///public/..%2fsecret",
        "file:///public/a%2Fb",
        "file:///public/..\\secret",
        "file:///public/%5c..%5csecret",
        "file:///public/..?x",
    ],
)
def test_a_uri_that_wanders_is_of_no_set(uri: str) -> None:
    assert not Pattern("file:///public/*").matches_uri(uri)
    assert not Pattern("*").matches_uri(uri)
    assert Pattern(uri).matches_uri(uri)


@pytest.mark.parametrize(
    "uri", ["file:///public/a..b", "file:///public/.hidden", "x://a/...", "x:"]
)
def test_dots_in_names_do_not_wander(uri: str) -> None:
    assert Pattern("*").matches_uri(uri)


@pytest.mark.parametrize(
    ("pattern", "template", "may"),
    [
        ("docs:///guide/*", "docs:///{path}", True),
        ("docs:///*", "docs:///guide/{name}", True),
        ("docs:///guide", "docs:///{path}", True),
        ("docs:///guide/*", "docs:///api/{name}", False),
        ("docs:///guide", "docs:///guide/{name}", False),
        ("*", "{+anything}", True),
    ],
)
def test_a_template_is_seen_where_one_of_its_uris_may_be_given(
    pattern: str, template: str, may: bool
) -> None:
    assert Pattern(pattern).may_match_template(template) is may


def test_hostile_names_and_patterns_cost_little() -> None:
    pattern = Pattern("a*" * 500 + "c")
    began = time.process_time()
    for _ in range(100):
        assert not pattern.matches("a" * (MAX_NAME_CHARACTERS - 1) + "b")
        assert not pattern.matches("b" * 1_000_000)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("text", ["", "x" * 1025])
def test_a_pattern_without_text_or_with_too_much_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 1024 characters"):
        Pattern(text)
