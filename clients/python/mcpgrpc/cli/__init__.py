"""The command line `mcpgrpc`; not a library, so that nothing outside of it imports from here."""
