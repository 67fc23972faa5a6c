"""The contract's app as a program that speaks stdio; its argument is the kind of app.

Nobody sees its journal.
"""

from __future__ import annotations

import sys
import warnings

import anyio
from mcp import MCPDeprecationWarning
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server

from tests.contract.journal import Journal
from tests.contract.lowlevel_app import lowlevel_app
from tests.contract.mcpserver_app import mcpserver_app


async def serve(kind: str) -> None:
    app = mcpserver_app(Journal()) if kind == "MCPServer" else lowlevel_app(Journal())
    if isinstance(app, MCPServer):
        await app.run_stdio_async()
        return
    async with stdio_server() as (reading, writing):
        await app.run(reading, writing, app.create_initialization_options())


if __name__ == "__main__":
    # The contract covers features that the newest revision deprecates, on purpose.
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    anyio.run(serve, sys.argv[1])
