"""The HTTP and WebSocket door: Streamable HTTP and WebSocket in front, gRPC behind."""
