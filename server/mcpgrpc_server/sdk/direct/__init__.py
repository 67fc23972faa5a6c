"""Short ways from a request to an app's handler, each behind guards: see docs/adr/0010."""
