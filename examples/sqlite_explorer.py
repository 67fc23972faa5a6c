"""Read-only questions to one SQLite file: its tables, their columns, and single SELECT statements.

It is not a database client: nothing it is sent can write, attach another file or load code.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from math import isfinite
from pathlib import Path
from typing import Annotated, Literal

import anyio.from_thread
import anyio.to_thread
from mcp import types
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from pydantic import BaseModel, Field

FILE_VARIABLE = "SQLITE_EXPLORER_FILE"
TIMEOUT_SECONDS = 5.0
MAX_ROWS = 1_000
MAX_CELL_CHARACTERS = 2_000
MAX_RESULT_CHARACTERS = 200_000
MAX_TABLES = 1_000
MAX_COMPLETIONS = 100
INSTRUCTIONS_PER_CHECK = 10_000

# SQLite's own ceilings: they bound the memory and stack one statement can ask for.
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 10_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 50_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}

# An allow-list: a read-only connection alone still lets ATTACH and VACUUM INTO create files.
ALLOWED_ACTIONS = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
# What `json_each` and full-text tables do to announce their columns and notice changes. Writing
# the schema for real needs `PRAGMA writable_schema`, which is denied.
ALLOWED_STEPS = {
    (sqlite3.SQLITE_UPDATE, "sqlite_master"),
    (sqlite3.SQLITE_PRAGMA, "data_version"),
}
DENIED_FUNCTIONS = {"load_extension", "fts3_tokenizer"}

# A month of an invented ferry company.
DEMO_DATA = """
CREATE TABLE routes (id INTEGER PRIMARY KEY, origin TEXT NOT NULL, destination TEXT NOT NULL,
    crossing_minutes INTEGER NOT NULL);
CREATE TABLE vessels (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, seats INTEGER NOT NULL);
CREATE TABLE sailings (id INTEGER PRIMARY KEY, departs_at TEXT NOT NULL,
    route_id INTEGER NOT NULL REFERENCES routes (id),
    vessel_id INTEGER NOT NULL REFERENCES vessels (id), passengers INTEGER NOT NULL);
CREATE VIEW route_totals AS SELECT origin, destination, count(*) AS sailings,
    sum(passengers) AS passengers FROM sailings JOIN routes ON routes.id = route_id
    GROUP BY route_id;
INSERT INTO routes VALUES (1, 'North Quay', 'Gull Island', 25), (2, 'North Quay', 'Saltmarsh', 40),
    (3, 'Gull Island', 'Saltmarsh', 20), (4, 'Saltmarsh', 'Lighthouse Point', 55);
INSERT INTO vessels VALUES (1, 'Guillemot', 180), (2, 'Oystercatcher', 96), (3, 'Tern', 48);
INSERT INTO sailings WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 450)
    SELECT NULL, datetime('2026-05-01 06:30', (i * 95) || ' minutes'), i % 4 + 1, i % 3 + 1,
    7 + i * 13 % 41 FROM n;
"""

COLUMNS_SQL = """
SELECT name, type, NOT "notnull", pk > 0, dflt_value,
    (SELECT "table" || coalesce('.' || "to", '') FROM pragma_foreign_key_list(:table) AS key
     WHERE key."from" = info.name)
FROM pragma_table_info(:table) AS info ORDER BY cid
"""

Value = str | int | float | None
Cut = Literal["rows", "size"] | None


class Table(BaseModel):
    """A table or view."""

    name: str
    kind: Literal["table", "view"]
    sql: str


class Column(BaseModel):
    """One column, and what it refers to."""

    name: str
    type: str
    is_nullable: bool
    is_primary_key: bool
    default: str | None
    references: str | None


class Description(BaseModel):
    """A table or view with its columns."""

    table: Table
    columns: list[Column]


class QueryResult(BaseModel):
    """The rows of one statement; `cut_by` says which limit ended them early."""

    columns: list[str]
    rows: list[list[Value]]
    cut_by: Cut
    duration_seconds: float


def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    is_allowed = action in ALLOWED_ACTIONS or (action, first) in ALLOWED_STEPS
    is_denied = action == sqlite3.SQLITE_FUNCTION and str(second).lower() in DENIED_FUNCTIONS
    return sqlite3.SQLITE_OK if is_allowed and not is_denied else sqlite3.SQLITE_DENY


def shown(value: object) -> Value:
    """A cell as JSON can carry it: long text cut, blobs by size, no infinities."""
    if isinstance(value, bytes):
        return f"<blob of {len(value)} bytes>"
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, str) and len(value) > MAX_CELL_CHARACTERS:
        return f"{value[:MAX_CELL_CHARACTERS]}… <cut; {len(value)} characters in all>"
    return value if isinstance(value, str | int | float) else None


def fetch(cursor: sqlite3.Cursor, max_rows: int) -> tuple[list[list[Value]], Cut]:
    rows: list[list[Value]] = []
    budget_characters = MAX_RESULT_CHARACTERS
    for row in cursor:
        cells = [shown(value) for value in row]
        budget_characters -= sum(len(str(cell)) for cell in cells)
        if len(rows) == max_rows or budget_characters < 0:
            return rows, "rows" if len(rows) == max_rows else "size"
        rows.append(cells)
    return rows, None


def create_demo(file: Path) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(DEMO_DATA)
    return file


def explained(problem: Exception) -> str:
    """What to tell the caller about an error of SQLite or of its Python module."""
    text = str(problem)
    if "interrupted" in text:
        return (
            f"The statement was stopped after {TIMEOUT_SECONDS:g} seconds. Narrow it with WHERE "
            "or LIMIT."
        )
    if "not authorized" in text or "denied" in text or "prohibited" in text:
        return f"The statement was refused ({text}). Only a single SELECT that reads is allowed."
    return f"SQLite could not answer: {text}. Check names with `tables` and `describe`."


class Explorer:
    """Opens the one file, a fresh guarded connection for every question."""

    def __init__(self) -> None:
        self.users = 0
        self.uri = ""
        self.folder: tempfile.TemporaryDirectory[str] | None = None

    def open(self) -> None:
        """Find the file, or make the demo, when the first user arrives."""
        if self.users == 0:
            named = os.environ.get(FILE_VARIABLE, "")
            self.folder = None if named else tempfile.TemporaryDirectory(prefix="explorer-")
            file = create_demo(Path(self.folder.name, "demo.db")) if self.folder else Path(named)
            self.uri = f"{file.resolve().as_uri()}?mode=ro"
            try:
                with closing(sqlite3.connect(self.uri, uri=True)) as connection:
                    connection.execute("SELECT count(*) FROM sqlite_schema")
            except sqlite3.Error as problem:
                raise RuntimeError(
                    f"{FILE_VARIABLE} names {named!r}, which cannot be read: {problem}. "
                    "Set it to an SQLite file, or unset it to explore the demo."
                ) from problem
        self.users += 1

    def close(self) -> None:
        self.users -= 1
        if self.users == 0 and self.folder is not None:
            self.folder.cleanup()

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """A connection that stops by itself at the deadline, or when the caller has gone."""
        deadline = time.monotonic() + TIMEOUT_SECONDS

        def is_over() -> bool:
            anyio.from_thread.check_cancelled()  # raising stops the statement, and no more
            return time.monotonic() > deadline

        try:
            with closing(sqlite3.connect(self.uri, uri=True, timeout=1)) as connection:
                for limit, value in LIMITS.items():
                    connection.setlimit(limit, value)
                connection.text_factory = lambda data: data.decode("utf-8", "replace")
                connection.set_progress_handler(is_over, INSTRUCTIONS_PER_CHECK)
                yield connection
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as problem:
            anyio.from_thread.check_cancelled()
            raise ResourceError(explained(problem)) from problem

    def tables(self) -> list[Table]:
        sql = (
            "SELECT name, type AS kind, coalesce(sql, '') AS sql FROM sqlite_schema "
            "WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
            "ORDER BY name LIMIT ?"
        )
        with self.connect() as connection:
            rows = connection.execute(sql, [MAX_TABLES]).fetchall()
        return [Table(name=name, kind=kind, sql=text) for name, kind, text in rows]

    def describe(self, name: str) -> Description:
        tables = {table.name.casefold(): table for table in self.tables()}
        table = tables.get(name.casefold())
        if table is None:
            known = ", ".join(list(tables)[:20]) or "none"
            raise ResourceNotFoundError(f"There is no table {name!r}. The tables are: {known}.")
        with self.connect() as connection:
            rows = connection.execute(COLUMNS_SQL, {"table": table.name}).fetchall()
        columns = [Column(**dict(zip(Column.model_fields, row, strict=True))) for row in rows]
        return Description(table=table, columns=columns)

    def query(self, sql: str, params: list[Value], max_rows: int) -> QueryResult:
        started = time.monotonic()
        with self.connect() as connection:
            connection.set_authorizer(authorize)
            cursor = connection.execute(sql, params)
            if cursor.description is None:
                raise ResourceError("The statement returns no columns. Send one SELECT statement.")
            columns = [name for name, *_ in cursor.description]
            rows, cut_by = fetch(cursor, max_rows)
        seconds = round(time.monotonic() - started, 3)
        return QueryResult(columns=columns, rows=rows, cut_by=cut_by, duration_seconds=seconds)


READ_ONLY = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
TableName = Annotated[str, Field(max_length=500)]

explorer = Explorer()


@asynccontextmanager
async def lifespan(_: MCPServer[Explorer]) -> AsyncIterator[Explorer]:
    explorer.open()
    try:
        yield explorer
    finally:
        explorer.close()


app = MCPServer(
    "sqlite-explorer",
    version="1.0.0",
    instructions=(
        "Answers single SELECT statements about one SQLite file: look at `tables`, `describe` the "
        f"ones you need, then `query`. The operator chooses the file with {FILE_VARIABLE}; "
        "without it this is a small demo about an invented ferry company."
    ),
    lifespan=lifespan,
)


@app.tool(annotations=READ_ONLY)
def tables() -> list[Table]:
    """The tables and views, each with the statement that created it."""
    return explorer.tables()


@app.tool(annotations=READ_ONLY)
def describe(table: TableName) -> Description:
    """The columns of a table or view."""
    return explorer.describe(table)


@app.tool(annotations=READ_ONLY)
def query(
    sql: Annotated[str, Field(max_length=50_000)],
    params: Annotated[list[Value], Field(max_length=200)] | None = None,
    max_rows: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 100,
) -> QueryResult:
    """Run one SELECT; write `?` in it for each of `params`."""
    return explorer.query(sql, params or [], max_rows)


@app.resource("sqlite://schema", mime_type="application/sql")
def schema() -> str:
    """The statements that created the tables and views."""
    return "".join(f"{table.sql};\n" for table in explorer.tables())


@app.resource("sqlite://table/{name}", mime_type="application/json")
def table_page(name: TableName) -> str:
    """The columns of one table or view as JSON."""
    return explorer.describe(name).model_dump_json(indent=2)


async def complete(
    ref: types.PromptReference | types.ResourceTemplateReference,
    argument: types.CompletionArgument,
    context: types.CompletionContext | None,
) -> types.Completion | None:
    """Table names that begin with what was typed."""
    if argument.name != "name":
        return None
    tables = await anyio.to_thread.run_sync(explorer.tables)
    names = [table.name for table in tables if table.name.startswith(argument.value)]
    has_more = len(names) > MAX_COMPLETIONS
    return types.Completion(values=names[:MAX_COMPLETIONS], total=len(names), has_more=has_more)


app.completion()(complete)  # type: ignore[no-untyped-call]  # the SDK leaves it unannotated

if __name__ == "__main__":
    app.run()
