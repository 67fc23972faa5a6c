"""The settings model turned into what streams and gRPC take.

It holds no default: `settings` does.
"""

from __future__ import annotations

from typing import Final

from mcpgrpc.binding.limits import Limits
from mcpgrpc_server.host import StreamBounds
from mcpgrpc_server.settings import ServerSettings

CONNECTION_AGE: Final = 0.75
"""Of the age of a Session. gRPC tells clients of a connection's age and cuts nothing off; to both
ages belongs a tenth of jitter. The connection's comes first: the stream that a client opens when
its Session is too old shall not go where the old one went."""

MAX_PENDING_RPCS: Final = 16_384
"""RPCs that have arrived and that the event loop has not taken yet; gRPC cancels those beyond it.
Its own 1,000 cost a storm of 2,500 reconnecting clients a sixth of them. Each holds a few KB."""

MIN_PING_INTERVAL_MS: Final = 20_000
"""The shortest interval of HTTP/2 PINGs that is no abuse; a client of ours takes 60 s."""


def limits_of(settings: ServerSettings) -> Limits:
    """The limits that both ends of a stream know."""
    return Limits(
        max_in_flight=settings.max_in_flight,
        max_listens=settings.max_listens,
        max_frame_bytes=settings.max_message_bytes,
        max_envelope_bytes=settings.max_envelope_bytes,
        max_open_fragments=settings.max_open_fragments,
        max_frame_items=settings.max_inbound_frame_items,
        max_json_depth=settings.max_json_depth,
        keepalive_interval_seconds=settings.keepalive_interval_seconds,
        fragment_bytes=settings.fragment_bytes,
        coalesce_items=settings.max_items_per_frame,
        coalesce_bytes=settings.max_coalesced_frame_bytes,
    )


def bounds_of(settings: ServerSettings) -> StreamBounds:
    """The bounds that only the server keeps."""
    return StreamBounds(
        high_water_bytes=settings.high_water_bytes,
        stall_timeout_seconds=settings.stall_timeout_seconds,
        token_notice_seconds=settings.token_notice_seconds,
        token_overrun_seconds=settings.token_overrun_seconds,
        first_message_timeout_seconds=settings.first_message_timeout_seconds,
        initialize_timeout_seconds=settings.initialize_timeout_seconds,
        max_pending_notifications=settings.max_pending_notifications,
        max_age_seconds=settings.max_connection_age_seconds,
        max_age_grace_seconds=settings.max_connection_age_grace_seconds,
    )


def channel_options(
    settings: ServerSettings, *, shares_ports: bool = False
) -> list[tuple[str, int]]:
    """What gRPC itself is told.

    Args:
        settings: of the server.
        shares_ports: whether other processes listen on its ports too.
    """
    age_ms = int(settings.max_connection_age_seconds * CONNECTION_AGE * 1000)
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.max_concurrent_streams", settings.max_concurrent_streams),
        ("grpc.max_allowed_incoming_connections", settings.max_connections),
        ("grpc.max_connection_idle_ms", int(settings.max_connection_idle_seconds * 1000)),
        # Without a grace: streams of an old connection live on, and only new ones go elsewhere.
        *([("grpc.max_connection_age_ms", age_ms)] if age_ms else []),
        ("grpc.server.max_pending_requests", MAX_PENDING_RPCS),
        ("grpc.server.max_pending_requests_hard_limit", MAX_PENDING_RPCS),
        # Clients ping an idle connection once a minute; by gRPC's default that counts as abuse.
        ("grpc.http2.min_ping_interval_without_data_ms", MIN_PING_INTERVAL_MS),
        # A port that another process listens on is taken: without this, both would share it.
        ("grpc.so_reuseport", int(shares_ports)),
    ]
