"""`python -m mcpgrpc_server.workers FD`: a worker, started by its supervisor and by nobody else."""

from __future__ import annotations

import faulthandler
import signal
import socket
import sys


def main() -> int:
    """Read the orders from the inherited socket, and serve."""
    # Ctrl-C reaches the whole group of a terminal; the supervisor heeds it for all. A handler, not
    # SIG_IGN, which programs that the application starts would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    # The supervisor aborts a worker that is stuck: this says where it is.
    faulthandler.enable()
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)

    from mcpgrpc_server.workers.frames import read_payload
    from mcpgrpc_server.workers.orders import unpacked
    from mcpgrpc_server.workers.worker import run

    try:
        orders = unpacked(read_payload(connection))
    except EOFError:
        return 1
    return run(orders, connection)


if __name__ == "__main__":
    sys.exit(main())
