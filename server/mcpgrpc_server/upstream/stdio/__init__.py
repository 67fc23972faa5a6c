"""Upstreams that are commands: child processes, and the carrier of their lines."""
