"""Large results, one after the other, go through the same memory and not through new each time."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import Mapping

import pytest

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="it is glibc's allocator that learns"
)

SECONDS = 60
RESULT_BYTES = 15_000_000
CALLS = 4
PAGES_OF_A_COPY = RESULT_BYTES // os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0

SERVED = """
import asyncio, resource, sys
from mcp.server import MCPServer
from mcp.types import CallToolResult, TextContent
from mcpgrpc_server import Server, ServerSettings

app = MCPServer("large")

@app.tool()
async def text(size: int) -> CallToolResult:
    return CallToolResult(content=[TextContent(text="x" * size)])

@app.tool()
async def new_pages() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

async def main():
    async with Server(app, settings=ServerSettings(listen=["127.0.0.1:0"])) as server:
        print(server.addresses[0], flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""

CALLED = """
import asyncio, resource, sys
import mcpgrpc

address, size, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

async def main():
    async with mcpgrpc.Client(address) as client:

        async def new_pages():
            served = await client.call_tool("new_pages", {})
            return served.structured_content["result"], (
                resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            )

        async def call():
            result = await client.call_tool("text", {"size": size})
            assert len(result.content[0].text) == size

        await call()
        await call()
        before = await new_pages()
        for _ in range(calls):
            await call()
        after = await new_pages()
    print(*((one - other) // calls for one, other in zip(after, before)))

asyncio.run(main())
"""


async def pages_of_a_call(variables: Mapping[str, str]) -> list[int]:
    """The new pages of memory that a large result takes the server, and the client."""
    environment = {**os.environ, **variables}
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVED),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            assert server.stdout is not None
            address = (await server.stdout.readline()).decode().strip()
            client = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", CALLED, address, str(RESULT_BYTES), str(CALLS)),
                env=environment,
                stdout=asyncio.subprocess.PIPE,
            )
            printed, _ = await client.communicate()
        return [int(each) for each in printed.split()]
    finally:
        server.kill()
        await server.communicate()


async def test_a_result_goes_through_memory_that_the_one_before_has_left() -> None:
    served, called = await pages_of_a_call({})
    assert served < PAGES_OF_A_COPY
    assert called < PAGES_OF_A_COPY


async def test_what_an_operator_sets_for_the_allocator_stands() -> None:
    served, called = await pages_of_a_call({"MALLOC_TRIM_THRESHOLD_": "131072"})
    assert served > 2 * PAGES_OF_A_COPY
    assert called > 2 * PAGES_OF_A_COPY
