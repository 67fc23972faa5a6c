"""The transport for the official SDK's client: the only package here that knows the SDK."""
