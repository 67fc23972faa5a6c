"""What an operator can count: figures of the server, served as OpenMetrics on request.

It is loaded only where `--metrics` asks for it, and knows no log and no trace.
"""
