"""What a user learns about the standard library, and what looking it up must never do.

It does not test `ast`: the library of real sources is the fixture.
"""

import inspect
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.types import (
    EmbeddedResource,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)

pytestmark = pytest.mark.anyio

TEMPLATE = ResourceTemplateReference(uri="stdlib://module/{name}")

# Runs in its own process, whose `sys.modules` no other test has touched.
DOCUMENT_WITHOUT_IMPORT = """
import asyncio, importlib.util, os, sys
sys.path.insert(0, os.path.dirname(sys.argv[1]))
specification = importlib.util.spec_from_file_location("example", sys.argv[1])
example = importlib.util.module_from_spec(specification)
sys.modules["example"] = example
specification.loader.exec_module(example)
from mcp import Client
names = ["antigravity", "this", "turtle", "turtle.Turtle", "tkinter", "json.tool", "idlelib"]
before = set(sys.modules)
async def main():
    async with Client(example.app) as client:
        await client.call_tool("search", {"query": "antigravity turtle this"})
        for name in names:
            await client.call_tool("documentation", {"name": name})
            await client.call_tool("source", {"name": name})
        await client.read_resource("stdlib://module/antigravity")
        await client.call_tool("index", {})
asyncio.run(main())
print([name for name in names if name in set(sys.modules) - before])
"""


@pytest.fixture(scope="module")
def stdlib_docs(load_example: Callable[[str], ModuleType]) -> ModuleType:
    return load_example("stdlib_docs")


async def call(module: ModuleType, tool: str, mode: str = "auto", **arguments: object) -> Any:
    async with Client(module.app, mode=mode) as client:
        result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def error(module: ModuleType, tool: str, **arguments: object) -> str:
    async with Client(module.app) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


async def test_searching_for_a_module_finds_it_first(stdlib_docs: ModuleType, mode: str) -> None:
    found = await call(stdlib_docs, "search", mode, query="json")
    assert found["hits"][0]["name"] == "json"
    assert found["hits"][0]["kind"] == "module"
    assert found["hits"][0]["summary"].startswith("JSON")
    assert "json.dumps" in [hit["name"] for hit in found["hits"]]


async def test_the_first_search_answers_quickly_and_the_next_from_memory(
    load_example: Callable[[str], ModuleType],
) -> None:
    fresh = load_example("stdlib_docs")
    started = time.monotonic()
    await call(fresh, "search", query="json")
    first_seconds = time.monotonic() - started
    parsed = set(fresh.library.modules)
    await call(fresh, "search", query="json")
    assert first_seconds < 10
    assert set(fresh.library.modules) == parsed


@pytest.mark.parametrize(
    ("query", "name"),
    [("json.dumps", "json.dumps"), ("JSON DUMPS", "json.dumps"), ("calendar.isleap",) * 2],
)
async def test_a_qualified_name_or_its_words_find_the_function(
    stdlib_docs: ModuleType, query: str, name: str
) -> None:
    found = await call(stdlib_docs, "search", query=query, limit=1)
    assert [hit["name"] for hit in found["hits"]] == [name]


async def test_a_search_without_hits_says_so_with_an_empty_list(stdlib_docs: ModuleType) -> None:
    found = await call(stdlib_docs, "search", query="zzqqxxyy")
    assert found["hits"] == []
    assert found["total_hits"] == 0


@pytest.mark.parametrize("query", ["", "   ", "\t\n"])
async def test_an_empty_query_is_refused_with_advice(stdlib_docs: ModuleType, query: str) -> None:
    assert "give a word" in await error(stdlib_docs, "search", query=query)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search", {"query": "json", "limit": 10**9}),
        ("search", {"query": "json", "limit": 0}),
        ("search", {"query": "j" * 10_000}),
        ("source", {"name": "json", "max_lines": 10**9}),
        ("documentation", {"name": "a." * 10_000}),
    ],
)
async def test_a_limit_beyond_bounds_is_refused(
    stdlib_docs: ModuleType, tool: str, arguments: dict[str, object]
) -> None:
    assert "validation error" in await error(stdlib_docs, tool, **arguments)


async def test_documentation_has_the_signature_and_docstring(
    stdlib_docs: ModuleType, mode: str
) -> None:
    page = await call(stdlib_docs, "documentation", mode, name="json.dumps")
    assert page["signature"].startswith("def dumps(obj, *, skipkeys=False")
    assert page["docstring"].startswith("Serialize ``obj`` to a JSON formatted ``str``.")
    assert page["file"] == "json/__init__.py"


async def test_documentation_of_a_module_lists_its_public_members(stdlib_docs: ModuleType) -> None:
    page = await call(stdlib_docs, "documentation", name="json.decoder")
    assert "json.decoder.JSONDecoder" in page["members"]
    assert "json.decoder._decode_uXXXX" not in page["members"]


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("json.JSONDecoder.decode", "json.decoder.JSONDecoder.decode"),
        ("random.randint", "random.Random.randint"),
        ("asyncio.run", "asyncio.runners.run"),
        ("collections.abc.Mapping", "_collections_abc.Mapping"),
        ("unittest.TestCase", "unittest.case.TestCase"),
    ],
)
async def test_a_re_exported_name_leads_to_its_definition(
    stdlib_docs: ModuleType, name: str, definition: str
) -> None:
    page = await call(stdlib_docs, "documentation", name=name)
    assert page["name"] == definition


async def test_source_is_the_text_of_the_file_at_the_lines_given(stdlib_docs: ModuleType) -> None:
    found = await call(stdlib_docs, "source", name="json.dumps", max_lines=1_000)
    lines, first_line = inspect.getsourcelines(json.dumps)
    assert found["text"] == "".join(lines).rstrip("\n")
    assert found["first_line"] == first_line
    assert found["last_line"] == first_line + len(lines) - 1
    assert not found["is_truncated"]


async def test_source_stops_at_the_number_of_lines_asked_for(stdlib_docs: ModuleType) -> None:
    found = await call(stdlib_docs, "source", name="json", max_lines=3)
    assert (found["first_line"], found["last_line"]) == (1, 3)
    assert len(found["text"].splitlines()) == 3
    assert found["is_truncated"]


async def test_source_of_a_decorated_function_includes_the_decorator(
    stdlib_docs: ModuleType,
) -> None:
    found = await call(stdlib_docs, "source", name="contextlib.suppress.__exit__")
    decorated = await call(stdlib_docs, "source", name="fractions.Fraction.numerator")
    assert found["text"].lstrip().startswith("def __exit__")
    assert decorated["text"].lstrip().startswith("@property")


@pytest.mark.parametrize("tool", ["documentation", "source"])
@pytest.mark.parametrize("name", ["sys", "itertools.chain", "math", "len"])
async def test_compiled_names_are_said_to_have_no_source(
    stdlib_docs: ModuleType, tool: str, name: str
) -> None:
    text = await error(stdlib_docs, tool, name=name)
    assert "built in or compiled" in text
    assert f"help({name!r})" in text


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("jsn", "json"),
        ("json.dumsp", "json.dumps"),
        ("concurrent.futures.ThreadPoolExecuter", "concurrent.futures.thread.ThreadPoolExecutor"),
    ],
)
async def test_a_misspelt_name_brings_the_nearest_ones(
    stdlib_docs: ModuleType, name: str, suggestion: str
) -> None:
    text = await error(stdlib_docs, "documentation", name=name)
    assert "Did you mean" in text
    assert suggestion in text


@pytest.mark.parametrize("name", ["", ".", "..", "json..dumps", "/etc/passwd", "../json", "名前"])
async def test_a_name_that_is_none_is_refused_with_advice(
    stdlib_docs: ModuleType, name: str
) -> None:
    text = await error(stdlib_docs, "documentation", name=name)
    assert f"has no Python source for {name!r}" in text
    assert "Use `search`" in text or "Did you mean" in text


async def test_left_out_packages_are_named_as_such(stdlib_docs: ModuleType) -> None:
    assert "left out" in await error(stdlib_docs, "documentation", name="test.support")


async def test_indexing_reports_progress_to_the_end(stdlib_docs: ModuleType, mode: str) -> None:
    reports: list[tuple[float, float | None]] = []

    async def record(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, total))

    async with Client(stdlib_docs.app, mode=mode) as client:
        result = await client.call_tool("index", {}, progress_callback=record)
    report = result.structured_content
    assert report is not None
    assert report["modules"] == len(stdlib_docs.library.files)
    assert report["unread_modules"] == 0
    assert report["symbols"] > report["modules"]
    assert reports[-1] == (report["modules"], report["modules"])
    assert reports == sorted(reports)


async def test_resources_carry_documentation_source_and_the_list_of_modules(
    stdlib_docs: ModuleType, mode: str
) -> None:
    async with Client(stdlib_docs.app, mode=mode) as client:
        uris = ["stdlib://modules", "stdlib://module/json.dumps", "stdlib://source/json.dumps"]
        contents = [(await client.read_resource(uri)).contents[0] for uri in uris]
    assert [content.mime_type for content in contents] == [
        "application/json",
        "text/markdown",
        "text/x-python",
    ]
    modules, page, source = [c.text for c in contents if isinstance(c, TextResourceContents)]
    assert "asyncio" in json.loads(modules)
    assert page.startswith("# json.dumps")
    assert source.startswith("def dumps(")


async def test_reading_an_unknown_name_is_a_protocol_error(
    stdlib_docs: ModuleType, mode: str
) -> None:
    async with Client(stdlib_docs.app, mode=mode) as client:
        with pytest.raises(MCPError, match="Did you mean json"):
            await client.read_resource("stdlib://module/jsn")


async def test_the_prompt_attaches_the_documentation(stdlib_docs: ModuleType, mode: str) -> None:
    async with Client(stdlib_docs.app, mode=mode) as client:
        prompt = await client.get_prompt("explain", {"name": "json.dumps"})
        with pytest.raises(MCPError, match="Did you mean json"):
            await client.get_prompt("explain", {"name": "jsn"})
    attached, request = [message.content for message in prompt.messages]
    assert isinstance(attached, EmbeddedResource)
    assert isinstance(request, TextContent)
    assert "json.dumps" in request.text


@pytest.mark.parametrize("ref", [TEMPLATE, PromptReference(name="explain")])
async def test_names_are_completed_by_prefix(
    stdlib_docs: ModuleType, mode: str, ref: ResourceTemplateReference | PromptReference
) -> None:
    async with Client(stdlib_docs.app, mode=mode) as client:
        modules = await client.complete(ref, {"name": "name", "value": "jso"})
        functions = await client.complete(ref, {"name": "name", "value": "json.du"})
        nothing = await client.complete(ref, {"name": "name", "value": "json.zzz"})
        other = await client.complete(ref, {"name": "colour", "value": "j"})
    assert modules.completion.values[0] == "json"
    assert functions.completion.values == ["json.dump", "json.dumps"]
    assert nothing.completion.values == other.completion.values == []


async def test_completion_offers_a_hundred_names_and_says_there_are_more(
    stdlib_docs: ModuleType,
) -> None:
    async with Client(stdlib_docs.app) as client:
        result = await client.complete(TEMPLATE, {"name": "name", "value": ""})
    assert len(result.completion.values) == 100
    assert result.completion.has_more
    assert not any(name.startswith("_") for name in result.completion.values)


async def test_every_tool_publishes_its_output_schema(stdlib_docs: ModuleType, mode: str) -> None:
    async with Client(stdlib_docs.app, mode=mode) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == {"search", "documentation", "source", "index"}
    assert all(tool.output_schema and tool.annotations for tool in tools)


def test_no_documented_module_is_ever_imported(stdlib_docs: ModuleType) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", DOCUMENT_WITHOUT_IMPORT, str(stdlib_docs.__file__)],
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    assert finished.stdout == "[]\n"


def test_a_file_that_does_not_parse_is_reported_and_the_others_still_answer(
    stdlib_docs: ModuleType, tmp_path: Path
) -> None:
    tmp_path.joinpath("broken.py").write_text("def unfinished(:\n")
    tmp_path.joinpath("nulls.py").write_bytes(b"x = 1\0")
    tmp_path.joinpath("latin.py").write_bytes(b"# -*- coding: latin-1 -*-\n'''caf\xe9'''\n")
    library = stdlib_docs.Library(tmp_path, ["broken", "nulls", "latin"])
    assert library.find("latin").docstring == "café"
    assert library.load("broken") is None
    assert library.load("nulls") is None
    assert sorted(library.unreadable) == ["broken", "nulls"]
    assert "The source of 'broken' is unreadable" in library.explain_absence("broken.unfinished")


def test_a_module_that_puts_another_in_its_place_leads_there(
    stdlib_docs: ModuleType, tmp_path: Path
) -> None:
    tmp_path.joinpath("told.py").write_text("class Thing: ...\n")
    instead = "import told\nimport sys\nsys.modules[__name__] = told\n"
    tmp_path.joinpath("asked.py").write_text(instead)
    library = stdlib_docs.Library(tmp_path, ["asked", "told"])
    assert library.find("asked.Thing").name == "told.Thing"


def test_imports_that_go_in_circles_end(stdlib_docs: ModuleType, tmp_path: Path) -> None:
    tmp_path.joinpath("one.py").write_text("from two import *\nfrom two import name\nx = x.y\n")
    tmp_path.joinpath("two.py").write_text("from one import *\nfrom one import name\n")
    library = stdlib_docs.Library(tmp_path, ["one", "two"])
    assert library.resolve("one.name", set()) is None
    assert library.resolve("one.x", set()) is None


def test_files_beyond_the_limits_are_left_out(
    stdlib_docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library_module = sys.modules[stdlib_docs.Library.__module__]
    monkeypatch.setattr(library_module, "MAX_FILE_BYTES", 10)
    monkeypatch.setattr(library_module, "MAX_FILES", 2)
    tmp_path.joinpath("a.py").write_text("#" * 11)
    for name in "bcd":
        tmp_path.joinpath(f"{name}.py").write_text("x = 1")
    library = stdlib_docs.Library(tmp_path, "abcd")
    assert sorted(library.files) == ["b", "c"]
