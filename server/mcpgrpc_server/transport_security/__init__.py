"""TLS and mTLS of the listeners: files that are checked before they are used, and again later."""
