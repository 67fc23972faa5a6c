"""The relay under every door: a host's JSON-RPC messages to a server and back, not re-modelled."""
