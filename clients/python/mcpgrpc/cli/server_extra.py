"""The server's packages, which not every installation has: what a command says that needs them.

It imports none of them itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mcpgrpc.cli.failures import CommandError


@contextmanager
def server_extra() -> Iterator[None]:
    """Around the imports of the server.

    Raises:
        CommandError: something that it needs is not installed; says what to install.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"mcpgrpc", "mcpgrpc_server"}:
            raise
        raise CommandError(
            f"this needs {error.name}, which is not installed: pip install 'mcpgrpc[server]'"
        ) from None
