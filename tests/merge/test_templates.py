"""Which URIs can come from a template (RFC 6570)."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc_server.merge.templates import MAX_URI_CHARACTERS, matches

EXPRESSIONS = {
    "{v}": r"[^/?#]+",
    "{a,b}": r"[^/?#]+",
    "{+path}": r".+",
    "{#part}": r"(#.+)?",
    "{.ext}": r"(\.[^/?#]+)?",
    "{/segments*}": r"(/[^?#]+)?",
    "{;list}": r"(;[^/?#]+)?",
    "{?q,page}": r"(\?[^#]+)?",
    "{&more}": r"(&[^#]+)?",
}
pieces = st.lists(
    st.one_of(st.sampled_from(sorted(EXPRESSIONS)), st.text("ab/?#.-&;", min_size=1, max_size=3)),
    max_size=5,
)
uris = st.text("ab/?#.-&;", max_size=12)


@pytest.mark.parametrize(
    ("template", "uri", "expected"),
    [
        ("notes://today", "notes://today", True),
        ("notes://{day}", "notes://today", True),
        ("notes://{day}", "notes://", False),
        ("notes://{day}", "notes://today/evening", False),
        ("notes://{day}/x", "notes://a-b%20c/x", True),
        ("file:///{+path}", "file:///home/me/a.txt", True),
        ("file:///{path}", "file:///home/me", False),
        ("db://{table}{?limit,offset}", "db://users?limit=3", True),
        ("db://{table}{?limit,offset}", "db://users", True),
        ("repo://{owner}/{name}{/path*}", "repo://a/b/src/main.py", True),
        ("a://{x}-{y}.{z}", "a://1-2-3.4.5", True),
        ("a://{x}-{y}.{z}", "a://1.2", False),
        ("a://{}", "a://{}", True),
        ("a://{open", "a://{open", True),
        ("a://{x}", "A://1", False),
    ],
)
def test_a_uri_matches_where_values_make_it(template: str, uri: str, expected: bool) -> None:
    assert matches(template, uri) is expected


@given(pieces, uris)
def test_it_agrees_with_a_regular_expression_of_the_same_grammar(
    template: list[str], uri: str
) -> None:
    pattern = "".join(EXPRESSIONS.get(piece, re.escape(piece)) for piece in template)
    assert matches("".join(template), uri) is (re.fullmatch(pattern, uri) is not None)


def test_a_template_that_would_backtrack_for_ever_is_answered_at_once() -> None:
    template = "{+a}" * 20 + "!"
    began = time.process_time()
    assert not matches(template, "x" * MAX_URI_CHARACTERS)
    assert time.process_time() - began < 5


def test_a_uri_beyond_the_bound_matches_nothing() -> None:
    assert matches("x:{+a}", "x:" + "a" * (MAX_URI_CHARACTERS - 2))
    assert not matches("x:{+a}", "x:" + "a" * (MAX_URI_CHARACTERS - 1))
