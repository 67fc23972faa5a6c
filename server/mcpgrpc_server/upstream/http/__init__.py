"""Upstreams that speak Streamable HTTP: carriers of both eras, and what they stand on."""
