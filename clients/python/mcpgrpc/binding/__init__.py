"""The rules of the binding, sans-I/O: both ends of the wire keep them with the same code.

It is not a client or a server: nothing here imports grpc or asyncio, waits, or reads a clock.
Bytes and protobuf messages go in, decisions come out; `mcpgrpc.stream` and `mcpgrpc_server` carry
them out. The specification that these modules implement is `docs/binding.md`.
"""
