"""The typed services: MCP's own vocabulary in protobuf, each request carried out as a Call is."""
