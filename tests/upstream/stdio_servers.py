"""Servers on standard input and output that a test writes in a line or two.

They are real processes, of Python without site packages, which start in a fraction of the time.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from mcpgrpc_server.upstream.stdio.environment import child_environment
from mcpgrpc_server.upstream.stdio.process import Command

LIFELINE = """
import os, signal, socket, subprocess, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def say(text): line.sendall(f"{text}\\n".encode())
"""
"""The beginning of a script that reports to a lifeline, whose port is its first argument."""

READY = "say(os.getpid())\n"
"""The line of such a script that reports the process."""

_SAYING = """
import re, sys
for text in sys.stdin.buffer:
    if b'"method":"wait"' in text:
        continue
    found = re.search(rb'"id":(-?[0-9]+|"[^"]*")', text)
    for line in sys.argv[1:]:
        line = line.replace("LONG", "x" * 200_000).replace("NUL", "\\0")
        said = line.replace('"id":ID', '"id":' + (found[1].decode() if found else "null"))
        sys.stdout.buffer.write(said.encode("utf-8", "surrogateescape") + b"\\n")
    sys.stdout.buffer.flush()
"""

RESULT = '{"jsonrpc":"2.0","id":ID,"result":{"ok":true}}'
"""What `saying` answers a request with."""

SERVER = """
import json, sys
def write(message): sys.stdout.write(json.dumps({"jsonrpc": "2.0"} | message) + "\\n")
for line in sys.stdin:
    message = json.loads(line)
    SERVE
    sys.stdout.flush()
"""


def python(source: str, *arguments: str, **how: Any) -> Command:
    """A command that runs Python source; `how` are further attributes of `Command`."""
    argv = (sys.executable, "-I", "-S", "-c", source, *arguments)
    return Command(argv, how.pop("environment", child_environment(os.environ)), **how)


def saying(*lines: str, **how: Any) -> Command:
    """A server that writes these lines for each line that it reads, but for the method "wait".

    `"id":ID` gets the id of the request read; LONG becomes 200,000 characters, NUL a null byte and
    a lone surrogate the byte that it stands for.
    """
    return python(_SAYING, *lines, **how)


def server(*statements: str, **how: Any) -> Command:
    """A server that runs these statements for each `message` that it reads."""
    return python(SERVER.replace("SERVE", "\n    ".join(statements)), **how)


def message(method: str, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params})


REPEATING = server(
    "if 'id' in message: write({'id': message['id'], 'result': {'line': line}})",
)
"""Answers with the line as it read it."""

TELLING = server(
    "if message.get('method') == 'tell':",
    "    for text in message['params']['lines']: sys.stdout.write(text + '\\n')",
    "if message.get('method') in ('tell', 'end'):",
    "    write({'id': message['id'], 'result': {}})",
)
"""Answers `tell`, after writing `params.lines`, and nothing else."""
