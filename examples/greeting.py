"""A server with one tool and one text resource, small enough to read in a minute.

It is not a tour of the protocol; `everything.py` is.
"""

from mcp.server import MCPServer

app = MCPServer(
    "greeting",
    version="1.0.0",
    instructions="Call `greet` with a name, or read `file:///example.txt`.",
)


@app.tool()
def greet(name: str = "World") -> str:
    """Greet someone by name."""
    return f"Hello, {name}!"


@app.resource("file:///example.txt", mime_type="text/plain")
def example() -> str:
    """A line of text; the name is part of the URI and no file is opened."""
    return "This text was read from a resource.\n"


if __name__ == "__main__":
    app.run()
