"""Starts the server of the clients' tests as a process of its own, and ends it.

What the server is stands in `server`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tests.clients.languages import ROOT

STOP_SECONDS: Final = 30.0


class ServerError(Exception):
    """The server of the tests did not start, or did not end as it should."""


@dataclass
class Served:
    """A server that runs, or has run.

    Attributes:
        environment: what the tests read.
        rpcs: how many it has seen, once it has ended.
        envelopes: how many requests on Sessions, once it has ended.
    """

    environment: dict[str, str]
    rpcs: int = field(default=0)
    envelopes: int = field(default=0)


@contextmanager
def served() -> Iterator[Served]:
    """A server for as long as the context is open.

    Raises:
        ServerError: it does not start, or does not say in the end what it has seen.
    """
    command = [sys.executable, "-W", "ignore", "-m", "tests.clients.server"]
    # gRPC's core would write about every connection that a test ends.
    quiet = {**os.environ, "GRPC_VERBOSITY": "ERROR"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=quiet, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            if not first:
                raise ServerError("the server of the tests did not start: see above")
            server = Served(json.loads(first))
            yield server
            process.stdin.close()
            counts = counts_of(process)
            server.rpcs, server.envelopes = counts["rpcs"], counts["envelopes"]
        finally:
            process.kill()


def counts_of(process: subprocess.Popen[str]) -> dict[str, int]:
    """What a server that has been told to end says at its end."""
    assert process.stdout is not None
    try:
        process.wait(STOP_SECONDS)
        counts: dict[str, int] = json.loads(process.stdout.readline())
    except (subprocess.TimeoutExpired, ValueError):
        raise ServerError("the server of the tests did not end in good order") from None
    return counts
