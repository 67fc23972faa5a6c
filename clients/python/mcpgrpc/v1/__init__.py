"""Generated messages and stubs of mcpgrpc.v1; not edited by hand."""
