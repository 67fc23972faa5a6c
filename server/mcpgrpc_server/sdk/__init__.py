"""Apps of the official SDK, served unchanged: the only package that knows the SDK's server side."""
