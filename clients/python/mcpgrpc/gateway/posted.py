"""A POST as it arrives: its body within bounds, what it accepts, and the message in it.

It decides nothing about eras: both doors behind it read a request in the same way.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.requests import Request

from mcpgrpc.binding import codec, errors
from mcpgrpc.gateway.replies import JSON, HttpRefusalError
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc.gateway.sse import SSE
from mcpgrpc.v1 import envelope_pb2


async def posted_message(request: Request, settings: GatewaySettings) -> envelope_pb2.Envelope:
    """The one JSON-RPC message of a POST.

    Raises:
        HttpRefusalError: the fields, the size or the message are not what they must be.
        ClientDisconnect: the client went away in the middle of the body.
    """
    if not request.headers.get("content-type", "").lower().startswith(JSON):
        raise HttpRefusalError(400, "Invalid Content-Type header: send application/json")
    if not (accepts(request.headers, JSON) and accepts(request.headers, SSE)):
        message = f"Not Acceptable: Client must accept both {JSON} and {SSE}"
        raise HttpRefusalError(406, message)
    body = await _body(request, settings)
    try:
        return codec.envelope_from_text(body.decode())
    except UnicodeDecodeError:
        raise HttpRefusalError(
            400, "Parse error: the body is not UTF-8", code=errors.PARSE_ERROR
        ) from None
    except codec.InvalidMessageError as error:
        raise HttpRefusalError(
            400, str(error), code=error.code, request_id=error.request_id
        ) from None


def accepts(headers: Headers, media_type: str) -> bool:
    """Whether `Accept` names a media type, or a range that holds it."""
    family = media_type.partition("/")[0]
    ranges = {part.partition(";")[0].strip().lower() for part in _accepted(headers)}
    return not ranges.isdisjoint({media_type, f"{family}/*", "*/*"})


def _accepted(headers: Headers) -> list[str]:
    return ",".join(headers.getlist("accept")).split(",")


async def _body(request: Request, settings: GatewaySettings) -> bytes:
    limit = settings.max_body_bytes
    too_large = HttpRefusalError(413, f"Request body too large: at most {limit} bytes are taken")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(settings.body_timeout_seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > limit:
                    raise too_large
    except TimeoutError:
        raise HttpRefusalError(408, "the request body did not arrive in time") from None
    return bytes(body)
