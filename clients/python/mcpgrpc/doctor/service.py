"""What the service says of itself: health, reflection, identity, versions, limits, time.

It asks through `rpcs` and judges what comes back.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any, Final

import grpc

from mcpgrpc.binding import json_text
from mcpgrpc.binding.era import LEGACY_VERSIONS, MODERN_VERSIONS
from mcpgrpc.binding.limits import MIB
from mcpgrpc.channel import MAX_MESSAGE_BYTES
from mcpgrpc.client.handshake import SERVER_INFO_META_KEY
from mcpgrpc.doctor.findings import Finding, Level, skipped
from mcpgrpc.doctor.rpcs import Metadata, Rpcs, Told

SERVICE: Final = b"mcpgrpc.v1.McpService"
ROUND_TRIPS: Final = 9
SLOW_MS: Final = 100.0
"""A call inside of one region takes a few milliseconds at most."""

LARGE_BYTES: Final = 5 * MIB
"""More than the 4 MiB that gRPC takes where nobody says otherwise, as in a proxy."""

SKEW_WARNING_SECONDS: Final = 5.0
SKEW_FAILED_SECONDS: Final = 30.0
"""Tokens are taken with 30 s of difference between clocks by default."""

_REFUSED: Final = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


def health(told: Told, name: str) -> Finding:
    """Whether it serves."""
    if told.code is grpc.StatusCode.OK and told.answer == "SERVING":
        return Finding("health", Level.OK, f"{name} is SERVING")
    if told.code is grpc.StatusCode.OK:
        return Finding(
            "health",
            Level.FAILED,
            f"{name} is {told.answer}",
            "it starts, drains, or what stands behind it is down; its log says which",
        )
    if told.code is grpc.StatusCode.UNIMPLEMENTED:
        return Finding(
            "health",
            Level.WARNING,
            "there is no grpc.health.v1 at this address",
            "let the proxy in front route grpc.health.v1.Health, or ask the server itself",
        )
    if told.code in _REFUSED:
        return Finding("health", Level.WARNING, f"health wants credentials: {told.details}")
    return Finding("health", Level.FAILED, f"{told.code.name}: {told.details}", _advice(told))


def reflection(told: Told) -> Finding:
    """Whether grpcurl needs a schema."""
    if told.code is grpc.StatusCode.UNIMPLEMENTED:
        return Finding("reflection", Level.OK, "off: tools such as grpcurl need the descriptor set")
    if told.code in _REFUSED:
        return Finding("reflection", Level.OK, f"it wants credentials: {told.details}")
    if told.code is not grpc.StatusCode.OK:
        return Finding("reflection", Level.WARNING, f"{told.code.name}: {told.details}")
    if isinstance(told.answer, bytes) and SERVICE in told.answer:
        return Finding("reflection", Level.OK, "on")
    return Finding(
        "reflection",
        Level.FAILED,
        f"what answers here does not have {SERVICE.decode()}",
        "check the address, or the route of the proxy in front",
    )


def authentication(told: Told, without: Told | None, *, is_local: bool) -> Finding:
    """Who is let in.

    Args:
        told: of a Session opened as the client was told to.
        without: of one opened without credentials; None where that is the same.
        is_local: whether only this machine can connect.
    """
    if told.code is grpc.StatusCode.UNAUTHENTICATED:
        advice = (
            "give --token-file or --api-key-file"
            if without is None
            else "the credential is not taken: look for its expiry, its issuer and audience"
        )
        return Finding("authentication", Level.FAILED, told.details, advice)
    if told.code is not grpc.StatusCode.OK:
        return Finding(
            "authentication", Level.FAILED, f"{told.code.name}: {told.details}", _advice(told)
        )
    anonymous = without is None or without.code is grpc.StatusCode.OK
    if not anonymous:
        return Finding("authentication", Level.OK, "the credential is taken; without one it is not")
    if is_local:
        return Finding("authentication", Level.OK, "callers without credentials are let in")
    return Finding(
        "authentication",
        Level.WARNING,
        "callers without credentials are let in, from other machines too",
        "give the server --api-keys or --jwt-issuer, unless a client certificate is asked for",
    )


def versions(told: Told) -> Finding:
    """Which revisions of MCP both sides speak."""
    if told.code is not grpc.StatusCode.OK:
        return Finding("versions", Level.FAILED, f"{told.code.name}: {told.details}", _advice(told))
    error = told.answer.error
    if told.answer.HasField("error"):
        # A server of the legacy era alone has no such method.
        return Finding(
            "versions",
            Level.WARNING,
            f"no server/discover: {error.message} (code {error.code})",
            f"it may speak the legacy era alone ({LEGACY_VERSIONS[-1]}), on Sessions",
        )
    result = json_text.parse_object(told.answer.result_json) or {}
    supported = [str(each) for each in result.get("supportedVersions") or ()]
    facts = {"supported_versions": supported, "server": _server(result)}
    common = [each for each in supported if each in (*LEGACY_VERSIONS, *MODERN_VERSIONS)]
    if not common:
        return Finding(
            "versions",
            Level.FAILED,
            f"the server speaks {', '.join(supported) or 'nothing'} and this client"
            f" {', '.join((*LEGACY_VERSIONS, *MODERN_VERSIONS))}",
            "update the older of the two",
            facts,
        )
    return Finding(
        "versions", Level.OK, f"{_server(result)} speaks MCP {', '.join(supported)}", facts=facts
    )


def round_trip(times: list[float]) -> Finding:
    """How long the way there and back takes."""
    if not times:
        return skipped("round trip", "health does not answer")
    half_ms = round(statistics.median(times) * 1000, 2)
    facts = {"p50_ms": half_ms, "max_ms": round(max(times) * 1000, 2), "of": len(times)}
    found = f"{half_ms:g} ms in the median of {len(times)}"
    if half_ms > SLOW_MS:
        advice = "the server is far away or busy: look for its event-loop lag"
        return Finding("round trip", Level.WARNING, found, advice, facts)
    return Finding("round trip", Level.OK, found, facts=facts)


def limits(settings: Any, large: Told | None) -> Finding:
    """How large messages may be, and whether a large one comes through.

    Args:
        settings: what the server announced.
        large: of a request larger than gRPC's default; None where the server takes none.
    """
    facts = {
        "max_in_flight": settings.max_in_flight,
        "max_frame_bytes": settings.max_frame_bytes,
        "max_envelope_bytes": settings.max_envelope_bytes,
        "client_max_message_bytes": MAX_MESSAGE_BYTES,
    }
    found = (
        f"messages up to {settings.max_frame_bytes / MIB:g} MiB, {settings.max_in_flight} requests"
        " at once on a stream"
    )
    if large is not None and large.code is not grpc.StatusCode.OK:
        return Finding(
            "limits",
            Level.WARNING,
            f"a request of {LARGE_BYTES / MIB:g} MiB does not come through: {large.details}",
            "raise the limit of the proxy in front (gRPC's own default is 4 MiB)",
            facts,
        )
    if settings.max_frame_bytes > MAX_MESSAGE_BYTES:
        return Finding(
            "limits",
            Level.WARNING,
            f"the server sends up to {settings.max_frame_bytes / MIB:g} MiB in a Call, and this"
            f" client takes {MAX_MESSAGE_BYTES / MIB:g} MiB",
            "lower the server's --max-message-bytes; a Session sends in pieces and is not touched",
            facts,
        )
    return Finding("limits", Level.OK, found, facts=facts)


def clock(told: Told) -> Finding:
    """How far the two clocks are apart: the date that health came with against the time here."""
    try:
        there = parsedate_to_datetime(told.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return skipped("clock", "the server does not tell the time")
    # The date has whole seconds; half of one is the best guess.
    skew = round(there + 0.5 - (time.time() - told.took_seconds / 2), 1)
    skew = 0.0 if abs(skew) <= 1 else skew
    facts = {"skew_seconds": skew}
    found = f"the server's is {abs(skew):g} s {'ahead' if skew > 0 else 'behind'}"
    if abs(skew) >= SKEW_FAILED_SECONDS:
        advice = "set both by NTP: tokens and certificates count by the clock"
        return Finding("clock", Level.FAILED, found, advice, facts)
    if abs(skew) >= SKEW_WARNING_SECONDS:
        return Finding("clock", Level.WARNING, found, "set both by NTP", facts)
    return Finding("clock", Level.OK, found if skew else "within a second", facts=facts)


async def round_trips(rpcs: Rpcs, metadata: Metadata) -> list[float]:
    """Seconds of some health checks; none when one fails."""
    told = [await rpcs.health("", metadata) for _ in range(ROUND_TRIPS)]
    return [each.took_seconds for each in told] if all(_fine(told)) else []


def _fine(told: list[Told]) -> Iterator[bool]:
    return (each.code is grpc.StatusCode.OK for each in told)


def _server(result: dict[str, Any]) -> str:
    meta = result.get("_meta")
    info = meta.get(SERVER_INFO_META_KEY) if isinstance(meta, dict) else None
    named = info if isinstance(info, dict) else {}
    return (
        " ".join(str(named[key]) for key in ("name", "version") if named.get(key)) or "the server"
    )


def _advice(told: Told) -> str:
    if told.code is grpc.StatusCode.UNIMPLEMENTED:
        return "this is a gRPC server of something else, or a proxy without a route to it"
    if told.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "it is stuck or overloaded: look for its event-loop lag and its log"
    if told.code is grpc.StatusCode.UNAVAILABLE:
        return "it drains, or a proxy has nowhere to send it"
    return ""
