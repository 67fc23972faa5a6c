"""What a newcomer's first client sees of the greeting example.

It does not test the protocol underneath.
"""

from collections.abc import Callable
from types import ModuleType

import pytest
from mcp import Client, MCPError
from mcp.types import TextContent, TextResourceContents

pytestmark = pytest.mark.anyio


@pytest.fixture
def greeting(load_example: Callable[[str], ModuleType]) -> ModuleType:
    return load_example("greeting")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [({}, "Hello, World!"), ({"name": "Ada"}, "Hello, Ada!"), ({"name": ""}, "Hello, !")],
)
async def test_greet_names_the_person(
    greeting: ModuleType, mode: str, arguments: dict[str, str], text: str
) -> None:
    async with Client(greeting.app, mode=mode) as client:
        result = await client.call_tool("greet", arguments)
    assert result.content == [TextContent(text=text)]
    assert result.structured_content == {"result": text}


async def test_a_name_that_is_not_text_is_a_tool_error(greeting: ModuleType, mode: str) -> None:
    async with Client(greeting.app, mode=mode) as client:
        result = await client.call_tool("greet", {"name": ["Ada"]})
    assert result.is_error


async def test_the_resource_is_listed_and_read(greeting: ModuleType, mode: str) -> None:
    async with Client(greeting.app, mode=mode) as client:
        listed = await client.list_resources()
        read = await client.read_resource(str(listed.resources[0].uri))
    assert [str(each.uri) for each in listed.resources] == ["file:///example.txt"]
    [content] = read.contents
    assert isinstance(content, TextResourceContents)
    assert "read from a resource" in content.text
    assert content.mime_type == "text/plain"


async def test_no_other_file_can_be_read(greeting: ModuleType, mode: str) -> None:
    async with Client(greeting.app, mode=mode) as client:
        with pytest.raises(MCPError, match=r"file:///etc/passwd"):
            await client.read_resource("file:///etc/passwd")
