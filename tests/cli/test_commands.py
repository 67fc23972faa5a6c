"""Each command against a real server, as a script sees it: exit code, output, errors."""

from __future__ import annotations

import json

import pytest

from tests.cli.app import HOSTILE, PIXEL
from tests.cli.conftest import Run


async def test_tools_are_listed_with_their_arguments(run: Run, address: str) -> None:
    done = await run("tools", address)
    assert (done.code, done.err) == (0, "")
    head, *rows = done.out.splitlines()
    assert head.split() == ["TOOL", "ARGUMENTS", "DESCRIPTION"]
    kind = 'kind: "module" | "class" | null = null'
    [row] = [row for row in rows if row.startswith("search ")]
    assert row.split(maxsplit=1)[1] == f"query: string, limit: integer = 10, {kind}  Find names."


async def test_json_output_is_the_protocols_own(run: Run, address: str) -> None:
    done = await run("tools", address, "--output", "json")
    tools = {tool["name"]: tool for tool in json.loads(done.out)["tools"]}
    assert tools["search"]["inputSchema"]["required"] == ["query"]
    assert (done.code, done.err) == (0, "")


async def test_resources_and_templates_are_listed_together(run: Run, address: str) -> None:
    done = await run("resources", address)
    rows = {row.split()[0]: row for row in done.out.splitlines()}
    assert {"URI", "file:///example.txt", "file:///pixel.png", "note:///{name}"} == rows.keys()
    assert rows["note:///{name}"].split(maxsplit=1)[1].startswith("text/plain")
    raw = json.loads((await run("resources", address, "--output", "json")).out)
    assert [each["uriTemplate"] for each in raw["resourceTemplates"]] == ["note:///{name}"]


async def test_prompts_are_listed_with_optional_arguments_marked(run: Run, address: str) -> None:
    done = await run("prompts", address)
    assert "review  code, style?  Review code." in done.out
    assert done.code == 0


async def test_a_call_types_its_arguments_by_the_schema(run: Run, address: str) -> None:
    done = await run("call", address, "search", "query=5", "limit=5", "kind=null")
    assert (done.code, done.out, done.err) == (0, "query='5' limit=5 kind=None\n", "")


async def test_a_call_takes_all_arguments_as_json(run: Run, address: str) -> None:
    done = await run("call", address, "search", "--json", '{"query": "x", "limit": 3}')
    assert (done.code, done.out) == (0, "query='x' limit=3 kind=None\n")


async def test_the_result_of_a_call_is_raw_in_json(run: Run, address: str) -> None:
    done = await run("call", address, "search", "query=x", "--output", "json")
    result = json.loads(done.out)
    assert result["content"] == [{"type": "text", "text": "query='x' limit=10 kind=None"}]
    assert result["structuredContent"] == {"result": "query='x' limit=10 kind=None"}


async def test_structured_content_is_shown_where_there_is_no_text(run: Run, address: str) -> None:
    done = await run("call", address, "echo", 'value=[1, {"a": null}]')
    assert json.loads(done.out) == {"value": [1, {"a": None}]}


async def test_an_image_is_one_line(run: Run, address: str) -> None:
    done = await run("call", address, "image")
    assert done.out == f"[image, image/png, {len(PIXEL)} bytes]\n"


async def test_a_tools_error_goes_to_standard_error(run: Run, address: str) -> None:
    done = await run("call", address, "fail")
    assert (done.code, done.out) == (1, "")
    assert "the disk is full" in done.err
    assert "Traceback" not in done.err


async def test_a_tools_error_is_the_result_in_json(run: Run, address: str) -> None:
    done = await run("call", address, "fail", "--output", "json")
    assert done.code == 1
    assert json.loads(done.out)["isError"] is True


async def test_a_missing_tool_is_answered_with_those_like_it(run: Run, address: str) -> None:
    done = await run("call", address, "serch", "query=x")
    assert (done.code, done.out) == (1, "")
    assert f"mcpgrpc: {address} has no tool 'serch'; did you mean search or echo? (" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["search", "limit=many", "query=x"], "limit='many' is not integer; search takes query"),
        (["search", "qery=x"], "search takes no argument qery (did you mean query?)"),
        (["search"], "search needs query"),
        (["search", "json"], "'json' is not KEY=VALUE"),
        (["search", "--json", "[]"], "--json takes a JSON object"),
        (["search", "query=x", "--json", "{}"], "use one"),
        ([], "no TOOL after"),
    ],
)
async def test_a_wrong_call_exits_2_with_one_line(
    run: Run, address: str, words: list[str], reason: str
) -> None:
    done = await run("call", address, *words)
    assert (done.code, done.out) == (2, "")
    assert reason in done.err
    assert len(done.err.splitlines()) == 1


async def test_a_resource_is_read_as_it_is(run: Run, address: str) -> None:
    done = await run("read", address, "file:///example.txt")
    assert (done.code, done.out) == (0, "This text was read from a resource.\n")


async def test_a_template_is_read_by_a_uri_that_fits_it(run: Run, address: str) -> None:
    assert (await run("read", address, "note:///milk")).out == "note milk\n"


async def test_a_binary_resource_is_one_line(run: Run, address: str) -> None:
    done = await run("read", address, "file:///pixel.png")
    assert done.out == f"[resource file:///pixel.png, image/png, {len(PIXEL)} bytes]\n"


async def test_a_missing_resource_is_one_line_and_exit_1(run: Run, address: str) -> None:
    done = await run("read", address, "file:///missing.txt")
    assert (done.code, done.out) == (1, "")
    assert "file:///missing.txt" in done.err
    assert len(done.err.splitlines()) == 1


async def test_a_prompt_is_shown_by_role(run: Run, address: str) -> None:
    done = await run("prompt", address, "review", "code=x = 1", "style=5")
    assert (done.code, done.out) == (0, "[user]\nPlease be 5: x = 1\n")


async def test_a_prompt_takes_no_json(run: Run, address: str) -> None:
    done = await run("prompt", address, "review", "code:=1")
    assert (done.code, done.out) == (2, "")
    assert done.err == "mcpgrpc: code:= is for JSON; the arguments of a prompt are strings\n"


async def test_any_method_can_be_requested(run: Run, address: str) -> None:
    params = json.dumps({"name": "search", "arguments": {"query": "x"}})
    done = await run("request", address, "tools/call", "--json", params)
    assert json.loads(done.out)["content"][0]["text"] == "query='x' limit=10 kind=None"


async def test_an_unknown_method_is_one_line_and_exit_1(run: Run, address: str) -> None:
    done = await run("request", address, "no/such")
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err


async def test_a_pipe_gets_the_text_of_a_tool_unchanged(run: Run, address: str) -> None:
    assert (await run("call", address, "hostile")).out == f"{HOSTILE}\n"


async def test_progress_is_not_shown_off_a_terminal(run: Run, address: str) -> None:
    done = await run("call", address, "steps", "total=3")
    assert (done.code, done.out, done.err) == (0, "done\n", "")


async def test_a_call_that_takes_too_long_says_so(run: Run, address: str) -> None:
    done = await run("call", address, "wait", "--timeout", "0.5")
    assert (done.code, done.out) == (1, "")
    assert "0.5" in done.err
    assert len(done.err.splitlines()) == 1


async def test_options_come_from_the_environment_too(run: Run, address: str) -> None:
    done = await run("tools", address, MCPGRPC_OUTPUT="json")
    assert "tools" in json.loads(done.out)


async def test_the_version_is_told(run: Run) -> None:
    done = await run("--version")
    assert (done.code, done.out) == (0, "mcpgrpc 0.1.0\n")


@pytest.mark.parametrize(
    "words", [["bogus"], ["call", "--bogus"], ["tools", "localhost"], ["read"]]
)
async def test_a_wrong_command_line_exits_2_with_one_line(run: Run, words: list[str]) -> None:
    done = await run(*words)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("mcpgrpc: ")


async def test_a_server_that_is_not_there_is_named_with_what_to_do(run: Run) -> None:
    done = await run("tools", "127.0.0.1:1", "--timeout", "5")
    assert (done.code, done.out) == (1, "")
    assert "127.0.0.1:1" in done.err
    assert "mcpgrpc serve" in done.err
    assert len(done.err.splitlines()) == 1
