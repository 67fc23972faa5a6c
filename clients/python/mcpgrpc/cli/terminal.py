"""Text to standard output and standard error, harmless for a terminal.

It is not where anything is laid out: that is done before, by `render` and `tables`.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, TextIO

# C0 but for tab and the ends of lines, DEL, C1, and the characters that turn the direction of text
# around: what a server sends must not move a cursor, set a title or disguise a line.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]|\r(?!\n)"
)


def escape_controls(text: str) -> str:
    r"""The text with its control characters spelt as `\u001b`, which JSON text survives."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: str) -> str:
    """The first line that says something, without controls."""
    return escape_controls(next((line.strip() for line in text.splitlines() if line.strip()), ""))


def write(text: str, stream: TextIO | None = None) -> None:
    """Writes a text, if there is any, and the newline it may lack; to standard output by default.

    A terminal gets it with its control characters escaped; a file or a pipe gets it as it is.
    """
    stream = stream or sys.stdout
    shown = escape_controls(text) if stream.isatty() else text
    stream.write(shown if shown.endswith("\n") or not shown else f"{shown}\n")


def write_error(text: str) -> None:
    """As `write`, to standard error."""
    write(text, sys.stderr)


def write_json(value: Any) -> None:
    """Writes one JSON document to standard output."""
    write(pretty_json(value))


def pretty_json(value: Any) -> str:
    """Indented JSON text, with integers of any size; a number beyond a float's range is null."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError:
        from mcpgrpc.binding import json_text

        return pretty_json(json_text.parse(json_text.dump(value)))


def allow_any_text() -> None:
    """Lets text that the streams' encoding cannot express be written, as escapes, not fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
