"""The SDK app behind the SDK's own Streamable HTTP, on uvicorn.

Nothing is tuned against it: no access log, and with `--fast` the loop and parser that uvicorn's
users install.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys

import uvicorn

from bench.servers import tools

LISTEN_BACKLOG = 2048


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--app", default="app", choices=["app", "fifty"])
    parser.add_argument("--json", action="store_true", help="JSON in the place of SSE")
    parser.add_argument("--stateless", action="store_true", help="no sessions")
    parser.add_argument("--fast", action="store_true", help="uvloop and httptools")
    chosen = parser.parse_args()
    app = getattr(tools, chosen.app).streamable_http_app(
        json_response=chosen.json, stateless_http=chosen.stateless
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        loop="uvloop" if chosen.fast else "asyncio",
        http="httptools" if chosen.fast else "h11",
        backlog=LISTEN_BACKLOG,
    )
    # asyncio turns Nagle's algorithm off for sockets that say TCP, as those that it opens itself
    # do; left on, each answer would wait 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(LISTEN_BACKLOG)
    # Connections wait in the backlog until uvicorn takes them.
    sys.stdout.write(f"address http://127.0.0.1:{listener.getsockname()[1]}/mcp\n")
    sys.stdout.flush()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve([listener]))


if __name__ == "__main__":
    main()
