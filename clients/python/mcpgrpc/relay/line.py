"""A message of a server as the one line of text that a host is sent.

It does not judge what a message means; one that is no JSON-RPC never reaches a host.
"""

from __future__ import annotations

import logging

from mcpgrpc.binding import codec, errors
from mcpgrpc.v1 import envelope_pb2

logger = logging.getLogger(__name__)


def host_text(envelope: envelope_pb2.Envelope) -> str:
    """The text of a message, without line breaks; "" for what is none and nobody waits for."""
    try:
        text = codec.text_from_envelope(envelope)
    except codec.InvalidMessageError as error:
        text = _instead_of_malformed(envelope, error)
    # A line break in JSON can only stand between tokens.
    return text.replace("\n", " ").replace("\r", " ")


def _instead_of_malformed(envelope: envelope_pb2.Envelope, error: codec.InvalidMessageError) -> str:
    """A message of the server that is none: an error where the host waits, else nothing."""
    logger.warning("the server sent what is no message: %s", error)
    if envelope.WhichOneof("message") != "response":
        return ""
    response = errors.failure(errors.INTERNAL_ERROR, "the server's answer is not JSON-RPC")
    response.id.CopyFrom(envelope.response.id)
    return codec.text_from_envelope(envelope_pb2.Envelope(response=response))
