"""The one model of what `serve` can be told, and where each value came from.

It is not the command line: options, environment variables and keys of the file are all derived
from the fields below. A bound on a field has its reason in the field's description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from mcpgrpc.binding.limits import KIB, MIB
from mcpgrpc_server.admission.settings import AdmissionSettings
from mcpgrpc_server.audit.settings import AuditSettings
from mcpgrpc_server.authentication.settings import AuthenticationSettings
from mcpgrpc_server.authentication.token_settings import TokenSettings
from mcpgrpc_server.caching.settings import CachingSettings
from mcpgrpc_server.fleet.settings import FleetSettings
from mcpgrpc_server.http_door_settings import HttpDoorSettings
from mcpgrpc_server.lifecycle.settings import LifecycleSettings
from mcpgrpc_server.listen_targets import Security, checked_target, is_local
from mcpgrpc_server.log_settings import LogSettings
from mcpgrpc_server.metrics.settings import MetricsSettings
from mcpgrpc_server.rate_limits.settings import RateLimitSettings
from mcpgrpc_server.rights.settings import RightsSettings
from mcpgrpc_server.sdk.settings import DispatchSettings
from mcpgrpc_server.setting_values import separated
from mcpgrpc_server.transport_security.settings import TransportSecuritySettings
from mcpgrpc_server.tuning.settings import TuningSettings
from mcpgrpc_server.upstream.settings import UpstreamSettings
from mcpgrpc_server.workers.settings import WorkerSettings

ENVIRONMENT_PREFIX: Final = "MCPGRPC_"

FRAME_OVERHEAD_BYTES: Final = KIB
"""Tags and lengths of a frame's items, generously: 12 bytes for each of 32."""


class SettingsError(Exception):
    """A setting cannot be used. `str()` says which, where it came from and why, in one line."""


Target = Annotated[str, AfterValidator(checked_target)]


class ServerSettings(
    HttpDoorSettings,
    LogSettings,
    AuditSettings,
    AdmissionSettings,
    LifecycleSettings,
    MetricsSettings,
    CachingSettings,
    UpstreamSettings,
    RateLimitSettings,
    FleetSettings,
    RightsSettings,
    AuthenticationSettings,
    TokenSettings,
    TransportSecuritySettings,
    TuningSettings,
    DispatchSettings,
    WorkerSettings,
    BaseSettings,
):
    """What a server is told. Frozen; unknown names are refused.

    Made by hand it takes its arguments and the defaults; `load_settings` adds the environment and
    the file. Names carry their unit.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        # A value can be a secret.
        hide_input_in_errors=True,
        env_prefix=ENVIRONMENT_PREFIX,
    )

    listen: Annotated[list[Target], NoDecode, BeforeValidator(separated)] = Field(
        default=["127.0.0.1:50051"],
        min_length=1,
        max_length=16,
        description="Where to listen: HOST:PORT, [IPV6]:PORT or unix:PATH; port 0 is a free one. "
        "In front may stand plaintext:, tls: or mtls:, else the files of TLS decide. At most 16, "
        "since each is bound or the server does not start.",
    )
    insecure: bool = Field(
        default=False, description="Plaintext is meant, even where other machines can connect."
    )
    reflection: bool = Field(
        default=True, description="Serve gRPC reflection, so that grpcurl needs no schema."
    )
    max_message_bytes: int = Field(
        default=16 * MIB,
        ge=4 * KIB,
        le=1_024 * MIB,
        description="The largest gRPC message, both ways. At least 4 KiB, for the handshake; at "
        "most 1 GiB, since each is held whole in memory and gRPC counts in 31 bits.",
    )
    max_envelope_bytes: int = Field(
        default=16 * MIB,
        ge=4 * KIB,
        le=1_024 * MIB,
        description="The largest JSON-RPC message received, also in pieces. At most 1 GiB, since "
        "each is held whole in memory.",
    )
    fragment_bytes: int = Field(
        default=256 * KIB,
        ge=KIB,
        le=2 * MIB,
        description="Larger JSON-RPC messages are sent in pieces of this size to peers that take "
        "them. At least 1 KiB, or frames are all overhead; at most 2 MiB, since gRPC takes 4 MiB "
        "where a peer says nothing.",
    )
    max_open_fragments: int = Field(
        default=16,
        ge=0,
        le=1_024,
        description="Messages received in pieces at once, for each stream; 0 takes no pieces. At "
        "most 1,024, since each open one holds memory.",
    )
    max_in_flight: int = Field(
        default=1_024,
        ge=1,
        le=65_536,
        description="Requests unsettled at once on a stream; more are refused. At least 1, or "
        "nothing runs; at most 65,536, since each holds a task.",
    )
    max_listens: int = Field(
        default=64,
        ge=0,
        le=65_536,
        description="Subscriptions open at once on a stream, beside max_in_flight. At most "
        "65,536, since each notification goes to all of them.",
    )
    max_pending_notifications: int = Field(
        default=256,
        ge=1,
        le=65_536,
        description="Handlers of the client's notifications running at once on a stream. At least "
        "1, or none runs; at most 65,536, since each holds a task.",
    )
    max_concurrent_streams: int = Field(
        default=1_000,
        ge=1,
        le=2**31 - 1,
        description="Streams and calls open at once on a connection; more wait in the client. At "
        "least 1, or nothing runs; at most what HTTP/2 can announce.",
    )
    max_items_per_frame: int = Field(
        default=32,
        ge=1,
        le=1_024,
        description="Messages sent in one frame. At least 1; at most 1,024, which peers take by "
        "default. Far more than 32 puts both ends in lockstep and slows them.",
    )
    max_inbound_frame_items: int = Field(
        default=1_024,
        ge=32,
        le=65_536,
        description="Items in one frame received; more end the stream. At least the 32 that a "
        "client sends by default; at most 65,536, since a frame is handled without a pause.",
    )
    max_coalesced_frame_bytes: int = Field(
        default=64 * KIB,
        ge=0,
        le=MIB,
        description="No further message joins a frame of this size; 0 sends each alone. At most "
        "1 MiB, since it must fit into gRPC's 4 MiB beside a piece.",
    )
    high_water_bytes: int = Field(
        default=MIB,
        ge=64 * KIB,
        le=1_024 * MIB,
        description="Bytes queued for a stream before its handlers wait, four messages in pieces "
        "not counted. At least 64 KiB, a full frame; at most 1 GiB, since a peer that does not "
        "read holds so much memory.",
    )
    max_json_depth: int = Field(
        default=512,
        ge=16,
        le=800,
        description="Nesting of JSON that is parsed. At least 16, which schemas of tools need; at "
        "most 800, since the parser's stack ends near 1,000.",
    )
    first_message_timeout_seconds: float = Field(
        default=60,
        gt=0,
        le=3_600,
        description="How long a stream may stay without a message. At most an hour, since an "
        "abandoned one holds its memory so long.",
    )
    initialize_timeout_seconds: float = Field(
        default=60,
        gt=0,
        le=3_600,
        description="How long initialize may take; it parks its stream. At most an hour, since "
        "everything behind it waits.",
    )
    stall_timeout_seconds: float = Field(
        default=60,
        gt=0,
        le=3_600,
        description="A stream whose peer reads nothing for so long is ended. At most an hour, "
        "since its queued bytes and waiting handlers stay so long.",
    )
    token_notice_seconds: float = Field(
        default=30,
        ge=0,
        le=3_600,
        description="A stream takes no further requests so long before its token ends, so that its "
        "client moves in time; in the second half of what is left, where that is less. At most an "
        "hour, the life of many tokens.",
    )
    token_overrun_seconds: float = Field(
        default=30,
        ge=0,
        le=3_600,
        description="Requests that run when their stream's token ends may run on for so long. At "
        "most an hour: nobody proves to be the caller any more.",
    )
    keepalive_interval_seconds: float = Field(
        default=30,
        ge=0,
        le=3_600,
        description="A frame is written at least this often, so that proxies keep idle streams; 0 "
        "promises none. At most an hour, beyond any proxy's idle timeout.",
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments alone: a server inside of another program is not configured behind its back."""
        return (init_settings,)

    @model_validator(mode="after")
    def _frames_fit(self) -> Self:
        frame_bytes = self.max_coalesced_frame_bytes + self.fragment_bytes + FRAME_OVERHEAD_BYTES
        if frame_bytes > self.max_message_bytes:
            raise ValueError(
                f"max_message_bytes is {self.max_message_bytes}, but a frame can have {frame_bytes}"
                " bytes: raise it, or lower fragment_bytes and max_coalesced_frame_bytes"
            )
        return self

    @property
    def takes_credentials(self) -> bool:
        """Whether callers can prove who they are; where they cannot, nobody is asked."""
        return bool(self.api_keys or self.jwt_issuer or self.tls_client_ca)

    @property
    def http_security(self) -> Security:
        """How the HTTP door is secured: as it says itself, else TLS where there is a certificate.

        Never by client certificates: a door cannot pass them on.
        """
        security = self.security_of(self.http)
        return Security.TLS if security is Security.MTLS else security

    def speaks_plaintext(self, listen: str) -> bool:
        """Whether what goes over a listener can be read on the way."""
        return self.security_of(listen) is Security.PLAINTEXT

    def set_origins(self, origins: Mapping[str, str]) -> None:
        """Note where values came from, by field; for whoever loads settings."""
        self._origins = dict(origins)

    def origin(self, name: str) -> str:
        """Where the value of a field came from, such as "environment MCPGRPC_LISTEN"."""
        return self._origins.get(name, "default")


def check_listeners(settings: ServerSettings) -> None:
    """Refuse what must be said out loud where other machines can connect.

    Raises:
        SettingsError: a listener is neither loopback nor a Unix socket, and plaintext or anonymous
            callers there are not said to be meant.
    """
    listeners = (*settings.listen, *filter(None, (settings.http,)))
    for listen in listeners:
        if is_local(listen):
            continue
        unsaid = []
        if settings.speaks_plaintext(listen) and not settings.insecure:
            unsaid.append("plaintext connections there need --insecure")
        if not (settings.allow_anonymous or settings.takes_credentials):
            unsaid.append("callers without credentials there need --allow-anonymous")
        if unsaid:
            raise SettingsError(
                f"other machines can connect to {listen}: {' and '.join(unsaid)};"
                " else listen on 127.0.0.1 or unix:PATH"
            )
