"""MCP servers that exist already, stdio commands and Streamable HTTP servers, as backends."""
