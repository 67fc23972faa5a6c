"""The server processes of a benchmark: the same work behind each wire that is compared."""
