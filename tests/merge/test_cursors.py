"""Cursors of merged lists: what is given is read again, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc_server.merge import cursors
from mcpgrpc_server.merge.cursors import Cursor, InvalidCursorError
from mcpgrpc_server.merge.kinds import KINDS, PROMPTS, TOOLS, Kind

every_text = st.text(st.characters(exclude_categories=()), max_size=20)


@given(st.sampled_from(KINDS), st.text(max_size=10), every_text)
def test_a_cursor_that_was_given_leads_back(kind: Kind, member: str, inner: str) -> None:
    cursor = Cursor(member, inner)
    assert cursors.decode(kind, cursors.encode(kind, cursor)) == cursor


@given(st.one_of(every_text, st.integers(), st.none(), st.lists(every_text)))
def test_whatever_else_a_client_sends_is_refused(invented: object) -> None:
    with pytest.raises(InvalidCursorError):
        cursors.decode(TOOLS, invented)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidCursorError):
        cursors.decode(TOOLS, cursors.encode(PROMPTS, Cursor("a", "1")))


@pytest.mark.parametrize("text", ["WyJ0b29scyJd", "WyJ0b29scyIsMSwyXQ==", "e30="])
def test_json_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        cursors.decode(TOOLS, text)
