"""Generated protobuf messages and gRPC stubs of mcpgrpc.v1; not edited by hand."""
