"""An MCP server on standard input and output that talks to standard error while it is called."""

from __future__ import annotations

import sys

from mcp.server import MCPServer

app = MCPServer("speaking")


@app.tool()
async def speak(text: str) -> str:
    """Say it where logs of commands go."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
    return text


if __name__ == "__main__":
    app.run()
