"""What commands do about traces: begin them before their work, send them at their end.

It decides nothing: `mcpgrpc.tracing.process` does, by the standard `OTEL_*` variables.
"""

from __future__ import annotations

from mcpgrpc.cli.terminal import one_line, write_error
from mcpgrpc.tracing.process import TRACING


def begin() -> None:
    """Before a command's work, once its log and gRPC are set up."""
    TRACING.begin(_tell)


def end() -> None:
    """After it, whatever became of it."""
    TRACING.end(_tell)


def _tell(line: str) -> None:
    write_error(f"mcpgrpc: {one_line(line)}")
