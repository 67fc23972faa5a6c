"""What a server is told about TLS: a part of its settings.

It reads no file; `tls_files` does, when the server starts.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from mcpgrpc_server.listen_targets import Security, checked_health_target, split_security


class TransportSecuritySettings(BaseModel):
    """Certificates of the listeners, and the one listener that needs none."""

    tls_cert: str = Field(
        default="",
        description="The server's certificate chain, a PEM file that is read again when it "
        "changes; with it listeners speak TLS, unless they say otherwise.",
    )
    tls_key: str = Field(
        default="", description="The key of the certificate, a PEM file that is not encrypted."
    )
    tls_client_ca: str = Field(
        default="",
        description="The authorities of client certificates, a PEM file; with it listeners take "
        "only clients that show one, unless they say tls: or plaintext:.",
    )
    health: Annotated[str, AfterValidator(checked_health_target)] = Field(
        default="",
        description="A further listener, HOST:PORT, in plaintext and without identity, for health "
        "alone: kubelet's gRPC probes know no TLS. Empty for none.",
    )

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if bool(self.tls_cert) != bool(self.tls_key):
            given, missing = ("cert", "key") if self.tls_cert else ("key", "cert")
            raise ValueError(f"tls_{given} is given without tls_{missing}: they go together")
        if self.tls_client_ca and not self.tls_cert:
            raise ValueError("tls_client_ca needs TLS: give tls_cert and tls_key as well")
        return self

    def security_of(self, listen: str) -> Security:
        """How a listener is secured: as it says itself, else by what files there are.

        A Unix socket is plaintext unless it says otherwise: only this machine's processes reach it,
        and the file's rights say which.
        """
        said, target = split_security(listen)
        if said is not None:
            return said
        if not self.tls_cert or target.startswith("unix:"):
            return Security.PLAINTEXT
        return Security.MTLS if self.tls_client_ca else Security.TLS
