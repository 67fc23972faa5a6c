"""Section 18 of docs/binding.md against the schema and the code."""

from __future__ import annotations

from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.typed.error_status import (
    CODE_KEY,
    DATA_BYTES_KEY,
    DATA_KEY,
    MAX_TRAILER_BYTES,
    OTHER,
    STATUSES,
    details,
)
from mcpgrpc_server.typed.fields import REQUIRED_LISTS
from tests.docs.documents import document
from tests.typed.official import FILES

BINDING = document("docs/binding.md")


def test_the_table_of_errors_is_that_of_the_code() -> None:
    shown = {row[0]: row[1:] for row in BINDING.table("### 18.4 Errors")[: len(STATUSES) + 1]}
    rows = [*((str(code), said) for code, said in STATUSES.items()), ("any other", OTHER)]
    expected = {
        code: (f"{status.name} ({status.value[0]})", f"`{reason}`")
        for code, (status, reason) in rows
    }
    assert {code: tuple(row) for code, row in shown.items()} == expected


def test_the_table_of_rpcs_is_that_of_the_schema() -> None:
    rows = {row[0].strip("`"): row for row in BINDING.table("### 18.1 RPCs")}
    methods = {
        f"{service.name}.{method.name}": method
        for file in FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert set(rows) == set(methods)
    for name, method in methods.items():
        _, _, answer, again = rows[name]
        assert answer.startswith("stream" if method.server_streaming else "unary")
        safe = method.GetOptions().idempotency_level == method.GetOptions().NO_SIDE_EFFECTS
        assert again == "safe" if safe else again != "safe"


def test_the_lists_that_are_never_absent_are_those_of_the_code() -> None:
    sentence = next(line for line in BINDING.text.splitlines() if "`[]` where MCP requires" in line)
    for name in REQUIRED_LISTS:
        assert f"`{name}`" in sentence
    assert sentence.count("`") == 2 * (len(REQUIRED_LISTS) + 2)


def test_the_keys_and_the_bound_of_an_errors_details_are_those_of_the_code() -> None:
    for key in (CODE_KEY, DATA_KEY, DATA_BYTES_KEY):
        assert f'`metadata["{key}"]`' in BINDING.text
    assert f"more than {MAX_TRAILER_BYTES:,} bytes on the wire" in BINDING.text
    error = envelope_pb2.JsonRpcError(code=1, message="m", data_json="7")
    assert b"data_json" in details(error)
