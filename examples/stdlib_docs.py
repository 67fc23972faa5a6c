"""Search, documentation and source of the Python standard library this interpreter came with.

It is not the index: `stdlib_library`, the file beside it, reads the sources.
"""

import inspect
import sys
import sysconfig
import time
from pathlib import Path
from typing import Annotated

import anyio
import anyio.to_thread
from mcp import MCPError, types
from mcp.server import MCPServer
from mcp.server.mcpserver import Context, Message, UserMessage
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from pydantic import BaseModel, Field

from stdlib_library import (
    INDEX_BUDGET_SECONDS,
    MAX_COMPLETIONS,
    SEARCH_BUDGET_SECONDS,
    Kind,
    Library,
)


class Hit(BaseModel):
    """One name that fits the query."""

    name: str
    kind: Kind
    signature: str
    summary: str


class SearchResult(BaseModel):
    """The best hits, and how many there were."""

    hits: list[Hit]
    total_hits: int
    unread_modules: int = Field(description="Modules left out to answer in time; see `index`.")


class Documentation(BaseModel):
    """What a name is, says about itself and contains."""

    name: str
    kind: Kind
    signature: str
    docstring: str
    file: str
    line: int
    members: list[str]


class Source(BaseModel):
    """The text of a definition and where it stands."""

    name: str
    file: str = Field(description="Path relative to the standard library's directory.")
    first_line: int
    last_line: int
    is_truncated: bool
    text: str


class IndexReport(BaseModel):
    """What one pass over the library found."""

    modules: int
    symbols: int
    unread_modules: int
    unreadable: list[str]
    duration_seconds: float


Name = Annotated[str, Field(max_length=200, description="A qualified name, like `json.dumps`.")]
READ_ONLY = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

library = Library(Path(sysconfig.get_path("stdlib")), sys.stdlib_module_names)
app = MCPServer(
    "stdlib-docs",
    version="1.0.0",
    instructions="Find a name with `search`, then read its `documentation` or its `source`.",
)


@app.tool(annotations=READ_ONLY)
async def search(
    query: Annotated[str, Field(max_length=200, examples=["json"])],
    ctx: Context,
    limit: Annotated[int, Field(ge=1, le=100)] = 10,
) -> SearchResult:
    """Rank modules, classes, functions and methods by how well they fit the words."""
    words = query.casefold().split()
    if not words:
        raise ToolError("The query is empty: give a word from a name or a description.")
    unread = await anyio.to_thread.run_sync(library.unread, words)
    left = await library.read(unread, ctx, SEARCH_BUDGET_SECONDS)
    ranked = await anyio.to_thread.run_sync(library.rank, words)
    hits = [Hit.model_validate(each, from_attributes=True) for each in ranked[:limit]]
    return SearchResult(hits=hits, total_hits=len(ranked), unread_modules=left)


@app.tool(annotations=READ_ONLY)
def documentation(name: Name) -> Documentation:
    """The signature, docstring and public members of a module, class, function or method."""
    found = library.find(name)
    return Documentation(
        name=found.name,
        kind=found.kind,
        signature=found.signature,
        docstring=inspect.cleandoc(found.docstring),
        file=library.files[found.module].relative_to(library.root).as_posix(),
        line=found.first_line,
        members=library.members(found),
    )


@app.tool(annotations=READ_ONLY)
def source(name: Name, max_lines: Annotated[int, Field(ge=1, le=5_000)] = 200) -> Source:
    """The source text of a module, class, function or method."""
    found = library.find(name)
    lines = library.lines(found)
    shown = lines[:max_lines]
    return Source(
        name=found.name,
        file=library.files[found.module].relative_to(library.root).as_posix(),
        first_line=found.first_line,
        last_line=found.first_line + len(shown) - 1,
        is_truncated=len(shown) < len(lines),
        text="\n".join(shown),
    )


@app.tool(annotations=types.ToolAnnotations(read_only_hint=False, destructive_hint=False))
async def index(ctx: Context) -> IndexReport:
    """Read every module again, reporting progress; later searches answer from memory."""
    started = time.monotonic()
    library.modules, library.unreadable = {}, {}
    left = await library.read(list(library.files), ctx, INDEX_BUDGET_SECONDS)
    return IndexReport(
        modules=len(library.modules),
        symbols=sum(len(module.symbols) for module in library.modules.values()),
        unread_modules=left,
        unreadable=sorted(library.unreadable),
        duration_seconds=round(time.monotonic() - started, 3),
    )


@app.resource("stdlib://modules", mime_type="application/json")
def modules() -> list[str]:
    """The names of all modules that have Python source."""
    return sorted(library.files)


@app.resource("stdlib://module/{name}", mime_type="text/markdown")
def module_page(name: str) -> str:
    """The documentation of a qualified name as Markdown."""
    page = documentation(name)
    members = "".join(f"- `{member}`\n" for member in page.members)
    return (
        f"# {page.name}\n\n```python\n{page.signature}\n```\n\n{page.docstring}\n\n{members}"
        f"\nDefined in `{page.file}`, line {page.line}.\n"
    )


@app.resource("stdlib://source/{name}", mime_type="text/x-python")
def source_page(name: str) -> str:
    """The source text of a qualified name, up to 5,000 lines."""
    return source(name, max_lines=5_000).text


@app.prompt()
def explain(name: Name) -> list[Message]:
    """Ask for an explanation of a standard library name, with its documentation attached."""
    try:
        text = module_page(name)
    except ResourceNotFoundError as problem:
        raise MCPError(types.INVALID_PARAMS, str(problem)) from problem
    page = types.TextResourceContents(
        uri=f"stdlib://module/{name}", mime_type="text/markdown", text=text
    )
    return [
        UserMessage(types.EmbeddedResource(resource=page)),
        UserMessage(f"Explain what `{name}` is for, with a short example of its use."),
    ]


async def complete(
    ref: types.PromptReference | types.ResourceTemplateReference,
    argument: types.CompletionArgument,
    context: types.CompletionContext | None,
) -> types.Completion | None:
    """Names that begin with what was typed; `name` is the only argument there is."""
    if argument.name != "name":
        return None
    names = await anyio.to_thread.run_sync(library.completions, argument.value)
    has_more = len(names) > MAX_COMPLETIONS
    return types.Completion(values=names[:MAX_COMPLETIONS], total=len(names), has_more=has_more)


app.completion()(complete)  # type: ignore[no-untyped-call]  # the SDK leaves it unannotated

if __name__ == "__main__":
    app.run()
