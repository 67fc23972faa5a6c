"""TLS as a client meets it: which side speaks it, whether the certificate holds, and how long.

The judgement is OpenSSL's, by the same files and name that gRPC is given; gRPC itself says little
more than that it failed.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Any, Final

from mcpgrpc.channel import ChannelSecurity
from mcpgrpc.doctor.findings import Finding, Level
from mcpgrpc.doctor.network import Endpoint, closed, opened, said
from mcpgrpc.loopback import is_loopback_host

SOON_DAYS: Final = 14
"""cert-manager renews a certificate of 90 days when 30 are left."""

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
"""How an HTTP/2 client begins: the preface and empty settings."""

_TLS_RECORDS: Final = (b"\x15\x03", b"\x16\x03")
_HTTP2_SETTINGS: Final = 4


async def secured(endpoint: Endpoint, security: ChannelSecurity, timeout_seconds: float) -> Finding:
    """How one endpoint is secured, and whether that fits what the client was told."""
    try:
        async with asyncio.timeout(timeout_seconds):
            if security.tls:
                return await _with_tls(endpoint, security)
            return await _in_plaintext(endpoint)
    except TimeoutError:
        return Finding(
            "tls",
            Level.FAILED,
            f"{endpoint.address} takes connections and says nothing within {timeout_seconds:g} s",
            "what listens there may be stuck, or is no gRPC server",
        )
    except OSError as error:
        return Finding(
            "tls", Level.FAILED, f"{endpoint.address} broke the connection off: {said(error)}"
        )


async def _in_plaintext(endpoint: Endpoint) -> Finding:
    reader, writer = await opened(endpoint)
    try:
        writer.write(PREFACE)
        first = await reader.read(9)
    finally:
        await closed(writer)
    if first.startswith(_TLS_RECORDS) or (not first and await _speaks_tls(endpoint)):
        return Finding(
            "tls", Level.FAILED, "the server speaks TLS, this client plaintext", "add --tls"
        )
    if len(first) < 4 or first[3] != _HTTP2_SETTINGS:
        return Finding(
            "tls",
            Level.FAILED,
            f"what listens at {endpoint.address} does not speak HTTP/2",
            "check the port: this is no gRPC server",
        )
    return _plaintext(endpoint)


async def _speaks_tls(endpoint: Endpoint) -> bool:
    """Whether a handshake comes to its end; nothing is sent over what it gives."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await opened(endpoint)
    try:
        await writer.start_tls(context)
    except OSError:
        return False
    finally:
        await closed(writer)
    return True


def _plaintext(endpoint: Endpoint) -> Finding:
    if endpoint.place is None or is_loopback_host(endpoint.place[0]):
        return Finding("tls", Level.OK, "plaintext, on this machine")
    return Finding(
        "tls",
        Level.WARNING,
        "plaintext, across a network",
        "give the server --tls-cert and --tls-key, unless a mesh encrypts between the two",
    )


async def _with_tls(endpoint: Endpoint, security: ChannelSecurity) -> Finding:
    context = _context(security)
    name = security.tls_server_name or endpoint.name
    reader, writer = await opened(endpoint)
    try:
        await writer.start_tls(context, server_hostname=name)
        session: ssl.SSLObject = writer.get_extra_info("ssl_object")
        writer.write(PREFACE)
        # A server that wants a client certificate says so only now, in TLS 1.3.
        first = await reader.read(9)
        if not first:
            return _wants_certificate(security)
        return _certificate(session, name)
    except ssl.SSLError as error:
        return _refused(error, name, security)
    except ConnectionError:
        return _wants_certificate(security)
    finally:
        await closed(writer)


def _context(security: ChannelSecurity) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=security.tls_ca)
    # As gRPC judges, which this is about: Python wants more of a certificate from 3.13 on.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["h2"])
    if security.tls_cert is not None:
        context.load_cert_chain(security.tls_cert, security.tls_key)
    return context


def _certificate(session: ssl.SSLObject, name: str) -> Finding:
    shown: dict[str, Any] = session.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC)
    days = (ends - datetime.now(UTC)).total_seconds() / 86_400
    facts = {
        "expires_at": ends.isoformat(),
        "names": [value for _, value in shown.get("subjectAltName", ())],
        "version": session.version(),
        "alpn": session.selected_alpn_protocol(),
    }
    if session.selected_alpn_protocol() != "h2":
        return Finding(
            "tls",
            Level.FAILED,
            "the server speaks TLS without HTTP/2 (ALPN h2)",
            "check the port, or let what ends TLS in front of it offer h2",
            facts,
        )
    found = f"{session.version()}, a certificate for {name} until {ends:%Y-%m-%d} ({days:.0f} days)"
    if days < SOON_DAYS:
        return Finding("tls", Level.WARNING, found, "renew the server's certificate", facts)
    return Finding("tls", Level.OK, found, facts=facts)


_ADVICE: Final = {
    "certificate has expired": "renew the server's certificate, and check this machine's clock",
    "not yet valid": "check this machine's clock and the server's certificate",
    "mismatch": "call the server by a name of its certificate, or give --tls-server-name",
    "self-signed": "give the file of the authority that signed it with --tls-ca",
    "unable to get": "give the file of the authority that signed it with --tls-ca; the server must"
    " send the certificates in between",
}


def _refused(error: ssl.SSLError, name: str, security: ChannelSecurity) -> Finding:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        advice = next((say for word, say in _ADVICE.items() if word in why), "")
        return Finding("tls", Level.FAILED, f"the certificate does not hold: {why}", advice)
    reason = (error.reason or str(error)).replace("_", " ").lower()
    if "wrong version" in reason or "record layer" in reason:
        return Finding(
            "tls",
            Level.FAILED,
            "the server speaks plaintext, this client TLS",
            "leave out --tls, or give the server --tls-cert and --tls-key",
        )
    if "certificate required" in reason or "alert" in reason:
        return _wants_certificate(security, reason)
    return Finding("tls", Level.FAILED, f"no TLS with {name}: {reason}")


def _wants_certificate(security: ChannelSecurity, reason: str = "") -> Finding:
    why = f" ({reason})" if reason else ""
    if security.tls_cert is None:
        return Finding(
            "tls",
            Level.FAILED,
            f"the server ended the connection after the handshake{why}: it wants a client's"
            " certificate",
            "give --tls-cert and --tls-key",
        )
    return Finding(
        "tls",
        Level.FAILED,
        f"the server does not take this client's certificate{why}",
        "check that an authority of the server's --tls-client-ca signed it, and that it has not"
        " expired",
    )
