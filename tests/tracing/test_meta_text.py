"""`_meta` in the text of params: the trace's fields change, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpgrpc.tracing.fields import W3C_FIELDS
from mcpgrpc.tracing.meta_text import read_members, with_fields

NEW = {"traceparent": "00-new"}


def changed(text: str | None) -> str | None:
    return with_fields(text, NEW, W3C_FIELDS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, '{"_meta":{"traceparent":"00-new"}}'),
        ("", '{"_meta":{"traceparent":"00-new"}}'),
        ("{}", '{"_meta":{"traceparent":"00-new"}}'),
        (" { } ", ' {"_meta":{"traceparent":"00-new"} } '),
        ('{"a":1e400}', '{"_meta":{"traceparent":"00-new"},"a":1e400}'),
        ('{"a":1, "_meta": {}}', '{"a":1, "_meta": {"traceparent":"00-new"}}'),
        (
            '{"_meta":{"x":1.00,"traceparent":"old","tracestate":"old"},"n":18446744073709551617}',
            '{"_meta":{"x":1.00,"traceparent":"00-new"},"n":18446744073709551617}',
        ),
        ('{"\\u005fmeta":{}}', '{"\\u005fmeta":{"traceparent":"00-new"}}'),
        ('{"a":"_meta"}', '{"_meta":{"traceparent":"00-new"},"a":"_meta"}'),
        ('{"a":"\\ud800"}', '{"_meta":{"traceparent":"00-new"},"a":"\\ud800"}'),
    ],
)
def test_the_fields_take_their_place(before: str | None, after: str) -> None:
    assert changed(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "7",
        "{",
        '{"_meta":7}',
        '{"_meta":null}',
        '{"_meta":{},"_meta":{}}',
        '{"_meta":{"x":1,"x":2}}',
        '{"_meta":' + "[" * 100_000,
        '{"_meta":{},"n":' + "9" * 5000 + "}",
    ],
    ids=["array", "number", "cut", "no object", "null", "two", "twice", "deep", "long number"],
)
def test_what_cannot_be_changed_for_certain_stays(text: str) -> None:
    assert changed(text) == text
    assert isinstance(read_members(text, ("_meta",)), dict)


VALUES = st.none() | st.integers() | st.text(max_size=6) | st.lists(st.integers(), max_size=2)
MEMBERS = st.dictionaries(st.text(max_size=8), VALUES, max_size=4)


@given(params=MEMBERS, meta=MEMBERS, indent=st.sampled_from([None, 1]))
@settings(max_examples=100, derandomize=True, database=None, deadline=None)
def test_everything_else_reads_as_before(params: Any, meta: Any, indent: int | None) -> None:
    said = {**params, "_meta": meta}
    found = json.loads(str(changed(json.dumps(said, indent=indent))))
    kept = {key: value for key, value in meta.items() if key not in W3C_FIELDS}
    assert found == {**params, "_meta": {**kept, **NEW}}
    assert read_members(json.dumps(said, indent=indent), ("_meta",)) == {"_meta": meta}
