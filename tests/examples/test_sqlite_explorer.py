"""That the explorer answers questions about a file, and that no question can do more than read.

It does not test SQLite; every attack here is sent through a client, as a user would.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.types import ResourceTemplateReference, TextContent, TextResourceContents

pytestmark = pytest.mark.anyio

TEMPLATE = ResourceTemplateReference(uri="sqlite://table/{name}")
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.fixture
def demo(load_example: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.delenv("SQLITE_EXPLORER_FILE", raising=False)
    return load_example("sqlite_explorer")


@pytest.fixture
def database_file(tmp_path: Path) -> Path:
    """A file whose name and contents are awkward on purpose."""
    file = tmp_path / "odd ?name#%41.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(
            """
            CREATE TABLE "strange ""table" (
                id INTEGER PRIMARY KEY, label TEXT NOT NULL DEFAULT 'x');
            CREATE TABLE numbers (n INTEGER, parent INTEGER REFERENCES "strange ""table" (id));
            INSERT INTO numbers WITH RECURSIVE c(x) AS
                (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 5000) SELECT x, NULL FROM c;
            CREATE VIRTUAL TABLE words USING fts5(text);
            INSERT INTO words VALUES ('the quick brown fox');
            """
        )
    return file


@pytest.fixture
def explorer(
    load_example: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    database_file: Path,
) -> ModuleType:
    monkeypatch.setenv("SQLITE_EXPLORER_FILE", str(database_file))
    return load_example("sqlite_explorer")


async def call(module: ModuleType, tool: str, mode: str = "auto", **arguments: object) -> Any:
    async with Client(module.app, mode=mode) as client:
        result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refusal(module: ModuleType, sql: str, **arguments: object) -> str:
    async with Client(module.app) as client:
        result = await client.call_tool("query", {"sql": sql, **arguments})
    assert result.is_error
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


def files_beside(file: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in file.parent.iterdir()}


async def test_the_demo_answers_without_a_file(demo: ModuleType, mode: str) -> None:
    tables = await call(demo, "tables", mode)
    totals = await call(demo, "query", mode, sql="SELECT * FROM route_totals ORDER BY origin")
    names = [table["name"] for table in tables["result"]]
    assert names == ["route_totals", "routes", "sailings", "vessels"]
    assert totals["columns"] == ["origin", "destination", "sailings", "passengers"]
    assert len(totals["rows"]) == 4
    assert totals["cut_by"] is None


async def test_the_demo_outlives_the_first_of_two_clients(demo: ModuleType) -> None:
    async with Client(demo.app) as second:
        async with Client(demo.app, mode="legacy") as first:
            await first.call_tool("tables", {})
        result = await second.call_tool("tables", {})
        folder = anyio.Path(demo.explorer.folder.name)
        assert await folder.is_dir()
    assert not result.is_error
    assert not await folder.exists()


async def test_a_table_is_described_with_its_references(demo: ModuleType, mode: str) -> None:
    described = await call(demo, "describe", mode, table="SAILINGS")
    columns = {column["name"]: column for column in described["columns"]}
    assert described["table"]["kind"] == "table"
    assert columns["route_id"]["references"] == "routes.id"
    assert columns["id"]["is_primary_key"]
    assert not columns["departs_at"]["is_nullable"]


async def test_an_unknown_table_brings_the_known_ones(demo: ModuleType, mode: str) -> None:
    async with Client(demo.app, mode=mode) as client:
        result = await client.call_tool("describe", {"table": "salings"})
        with pytest.raises(MCPError, match="sailings"):
            await client.read_resource("sqlite://table/salings")
    assert result.is_error
    [content] = result.content
    assert isinstance(content, TextContent)
    assert "There is no table 'salings'" in content.text
    assert "sailings" in content.text


async def test_a_file_with_an_awkward_name_and_table_is_explored(
    explorer: ModuleType, mode: str
) -> None:
    described = await call(explorer, "describe", mode, table='strange "table')
    numbers = await call(explorer, "describe", mode, table="numbers")
    assert [column["name"] for column in described["columns"]] == ["id", "label"]
    assert described["columns"][1]["default"] == "'x'"
    assert numbers["columns"][1]["references"] == 'strange "table.id'


async def test_the_schema_and_each_table_are_resources(explorer: ModuleType, mode: str) -> None:
    async with Client(explorer.app, mode=mode) as client:
        schema = (await client.read_resource("sqlite://schema")).contents[0]
        table = (await client.read_resource("sqlite://table/strange%20%22table")).contents[0]
    assert isinstance(schema, TextResourceContents)
    assert isinstance(table, TextResourceContents)
    assert "CREATE TABLE numbers" in schema.text
    assert json.loads(table.text)["table"]["name"] == 'strange "table'


async def test_table_names_are_completed_by_prefix(demo: ModuleType, mode: str) -> None:
    async with Client(demo.app, mode=mode) as client:
        some = await client.complete(TEMPLATE, {"name": "name", "value": "rout"})
        every = await client.complete(TEMPLATE, {"name": "name", "value": ""})
        none = await client.complete(TEMPLATE, {"name": "name", "value": "'; DROP TABLE routes"})
    assert some.completion.values == ["route_totals", "routes"]
    assert len(every.completion.values) == 4
    assert none.completion.values == []


async def test_parameters_are_bound_and_never_become_sql(demo: ModuleType) -> None:
    sql = "SELECT ?, ?, ?, ?, (SELECT count(*) FROM vessels WHERE name = ?)"
    values = ["'; DROP TABLE vessels; --", 7, 1.5, None, "Tern"]
    found = await call(demo, "query", sql=sql, params=values)
    assert found["rows"] == [["'; DROP TABLE vessels; --", 7, 1.5, None, 1]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT value FROM json_each('[1, 2]')",
        "SELECT text FROM words WHERE words MATCH 'quick'",
        "VALUES (1)",
        "EXPLAIN QUERY PLAN SELECT * FROM numbers",
        "SELECT n, sum(n) OVER (ORDER BY n) FROM numbers LIMIT 3",
    ],
)
async def test_every_way_of_reading_is_allowed(explorer: ModuleType, sql: str) -> None:
    found = await call(explorer, "query", sql=sql)
    assert found["rows"]


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '{target}' AS other",
        "VACUUM INTO '{target}'",
        "VACUUM",
        "DETACH main",
        "PRAGMA writable_schema = 1",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA table_info(numbers)",
        "SELECT * FROM pragma_database_list",
        "SELECT load_extension('{target}')",
        "SELECT LOAD_EXTENSION('{target}', 'main')",
        "BEGIN EXCLUSIVE",
        "SAVEPOINT s",
        "CREATE TABLE other (a)",
        "CREATE TEMP TABLE other (a)",
        "CREATE TRIGGER t AFTER INSERT ON numbers BEGIN SELECT 1; END",
        "INSERT INTO numbers VALUES (1, 1)",
        "INSERT INTO numbers VALUES (1, 1) RETURNING n",
        "UPDATE numbers SET n = 0",
        "DELETE FROM numbers",
        "DROP TABLE numbers",
        "REINDEX",
        "ANALYZE",
        "INSERT INTO words (words) VALUES ('rebuild')",
    ],
)
async def test_anything_but_reading_is_refused_and_leaves_no_trace(
    explorer: ModuleType, database_file: Path, sql: str
) -> None:
    target = database_file.with_name("target.sqlite")
    before = files_beside(database_file)
    text = await refusal(explorer, sql.format(target=target))
    assert "refused" in text
    assert "Only a single SELECT" in text
    assert files_beside(database_file) == before


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 1; DROP TABLE numbers", "one statement at a time"),
        ("SELECT 1; ATTACH 'x' AS y", "one statement at a time"),
        ("UPDATE sqlite_schema SET sql = ''", "may not be modified"),
        ("UPDATE sqlite_master SET type = 'view'", "may not be modified"),
        ("", "returns no columns"),
        ("-- nothing", "returns no columns"),
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELECT zeroblob(1000000000)", "too big"),
        ("SELECT ?", "bindings"),
        ("SELECT 1\0", "null character"),
        ("SELECT '\ud800'", "valid string"),
    ],
)
async def test_a_bad_statement_is_explained(explorer: ModuleType, sql: str, reason: str) -> None:
    assert reason in await refusal(explorer, sql)


async def test_a_parameter_sqlite_cannot_hold_is_explained(explorer: ModuleType) -> None:
    assert "too large" in await refusal(explorer, "SELECT ?", params=[2**70])


@pytest.mark.parametrize("sql", [ENDLESS, "SELECT count(*) FROM numbers a, numbers b, numbers c"])
async def test_an_endless_statement_is_stopped_by_the_time_limit(
    explorer: ModuleType, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.setattr(explorer, "TIMEOUT_SECONDS", 0.2)
    with anyio.fail_after(20):
        text = await refusal(explorer, sql)
    assert "stopped after 0.2 seconds" in text


async def test_a_cancelled_call_stops_its_statement(explorer: ModuleType) -> None:
    async with Client(explorer.app) as client:
        with anyio.fail_after(4.5):
            with pytest.raises(MCPError, match=r"(?i)timed out"):
                await client.call_tool("query", {"sql": ENDLESS}, read_timeout_seconds=0.2)
            result = await client.call_tool("query", {"sql": "SELECT 1"})
    assert not result.is_error


async def test_the_event_loop_keeps_answering_during_a_long_statement(
    explorer: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explorer, "TIMEOUT_SECONDS", 3.0)
    finished: list[str] = []
    async with Client(explorer.app) as client, anyio.create_task_group() as tasks:

        async def run(name: str, sql: str) -> None:
            await client.call_tool("query", {"sql": sql})
            finished.append(name)

        tasks.start_soon(run, "long", ENDLESS)
        await run("short", "SELECT 1")
        assert finished == ["short"]
        tasks.cancel_scope.cancel()


async def test_rows_beyond_the_limit_are_cut_and_said_to_be(explorer: ModuleType) -> None:
    cut = await call(explorer, "query", sql="SELECT n FROM numbers", max_rows=1_000)
    whole = await call(explorer, "query", sql="SELECT n FROM numbers LIMIT 100")
    assert len(cut["rows"]) == 1_000
    assert cut["cut_by"] == "rows"
    assert len(whole["rows"]) == 100
    assert whole["cut_by"] is None


async def test_large_cells_and_large_results_are_cut(explorer: ModuleType) -> None:
    cells = "SELECT printf('%.*c', 5000, 'x'), zeroblob(5000), 9e999"
    cell = await call(explorer, "query", sql=cells)
    total = await call(
        explorer, "query", sql="SELECT printf('%.*c', 1500, 'x') FROM numbers", max_rows=1_000
    )
    text, blob, infinite = cell["rows"][0]
    assert len(text) < 2_100
    assert "5000 characters in all" in text
    assert blob == "<blob of 5000 bytes>"
    assert infinite == "inf"
    assert total["cut_by"] == "size"
    assert sum(len(row[0]) for row in total["rows"]) <= 200_000


@pytest.mark.parametrize("max_rows", [0, -1, 1_001, 10**12])
async def test_a_row_limit_out_of_bounds_is_refused(explorer: ModuleType, max_rows: int) -> None:
    assert "validation error" in await refusal(explorer, "SELECT 1", max_rows=max_rows)


@pytest.mark.parametrize("content", [None, b"not a database, only text " * 50])
async def test_a_file_that_cannot_be_read_stops_the_server_with_advice(
    load_example: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: bytes | None,
) -> None:
    file = tmp_path / "missing.sqlite"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SQLITE_EXPLORER_FILE", str(file))
    module = load_example("sqlite_explorer")
    with pytest.raises(RuntimeError, match=r"missing\.sqlite.*unset it to explore the demo"):
        async with Client(module.app):
            pass
    assert file.exists() == (content is not None)
