"""The SDK's everything-server on standard input and output, which its own command does not offer.

It adds nothing to the server: the folder that its package lies in is the one argument.
"""

from __future__ import annotations

import importlib
import sys


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    importlib.import_module("mcp_everything_server.server").mcp.run(transport="stdio")


if __name__ == "__main__":
    main()
