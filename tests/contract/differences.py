"""Where a server over gRPC or a door answers otherwise than the SDK's in-memory one, and why.

Everything that is not in this table is alike; `test_differences` proves each entry.
"""

from __future__ import annotations

from typing import Final

DIFFERENCES: Final = {
    "lifespan": "In memory every connection enters the app's lifespan. A server enters it once for "
    "the process: a database is opened once, however many clients come.",
    "headers": "In memory there is no request and so there are no headers. Over gRPC a tool sees "
    "the RPC's metadata and the protocol's revision, never credentials.",
    "loss of the connection": "In memory nothing can be lost: a client that leaves lets its calls "
    "wait. Over gRPC leaving ends the stream, and that cancels every handler it started.",
    "text of an exception": "In memory a legacy low-level handler that raises answers code 0 with "
    "the exception's text. A server does not show its insides to whoever calls: it answers "
    "-32603, as the SDK itself does at the newest revision, and logs the traceback.",
    "text of an exception of an upstream": "An upstream answers for itself: what it shows of its "
    "insides passes as it came, as every other answer does.",
    "a name that is no text": "Over HTTP, before a server or behind it, the newest revision "
    "repeats a tool's name in a header, which a name that is no text cannot be: the contradiction, "
    "-32020, is found before the params are looked at. The SDK's own HTTP server answers the same.",
    "a large result in an event": "Over HTTP a legacy session answers with events, as the SDK's "
    "own HTTP server does, and the SDK's client takes events of 1 MiB at most.",
}
