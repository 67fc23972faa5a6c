"""Client certificates as identity: which of their names counts, and what is bound to them."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509

from mcpgrpc_server.authentication.peer_certificate import peer_certificate
from mcpgrpc_server.identity import Identity, IdentityKind, NotProvenError
from tests.authentication.served import Guarded, Peer, bearer, served
from tests.authentication.token_issuer import AUDIENCE, ISSUER, ec_key, key_set
from tests.transport_security.authority import Authority, Credential

SPIFFE = "spiffe://prod.example/ns/tools/sa/agent"
KEY = ec_key()
AUTHORITY = Authority()


def read(client: Credential) -> Identity:
    certificate = peer_certificate({"x509_pem_cert": [client.pem]})
    assert certificate is not None
    return certificate.identity


@pytest.mark.parametrize(
    ("names", "subject"),
    [
        ({"uris": [SPIFFE], "dns_names": ["b.example"], "common_name": "cn"}, SPIFFE),
        ({"dns_names": ["B.example", "a.example"], "common_name": "cn"}, "b.example"),
        ({"uris": ["https://b.example/"], "dns_names": ["b.example"]}, "b.example"),
        ({"common_name": "Report runner"}, "Report runner"),
        ({"common_name": "system:serviceaccount:tools"}, "system:serviceaccount:tools"),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
def test_the_subject_is_the_spiffe_id_else_the_dns_name_else_the_common_name(
    names: dict[str, Any], subject: str
) -> None:
    identity = read(AUTHORITY.client(**names))
    assert (identity.subject, identity.kind, identity.actor) == (subject, IdentityKind.MTLS, None)


def test_an_identity_says_which_certificate_and_until_when() -> None:
    client = AUTHORITY.client(uris=[SPIFFE])
    identity = read(client)
    assert identity.claims == {
        "fingerprint_sha256": client.fingerprint.hex(),
        "serial": f"{client.certificate.serial_number:x}",
        "spiffe_trust_domain": "prod.example",
    }
    assert identity.expires_at == client.certificate.not_valid_after_utc
    assert identity.scopes == frozenset()


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({"common_name": []}, "names nobody"),
        ({"common_name": ["a", "b"]}, "names nobody"),
        ({"common_name": " "}, "common name"),
        ({"common_name": "a\nb"}, "common name"),
        ({"common_name": "a\u202eb"}, "common name"),
        ({"common_name": SPIFFE}, "common name"),
        ({"uris": [SPIFFE, "spiffe://prod.example/other"]}, "another URI"),
        ({"uris": [SPIFFE, "https://b.example/"]}, "another URI"),
        ({"uris": ["https://b.example/", SPIFFE]}, "another URI"),
        ({"uris": ["spiffe://prod.example"]}, "SPIFFE ID"),
        ({"uris": ["spiffe://prod.example/"]}, "SPIFFE ID"),
        ({"uris": ["spiffe://PROD.example/a"]}, "SPIFFE ID"),
        ({"uris": ["SPIFFE://prod.example/a"]}, "SPIFFE ID"),
        ({"uris": ["spiffe://prod.example:443/a"]}, "SPIFFE ID"),
        ({"uris": ["spiffe://user@prod.example/a"]}, "SPIFFE ID"),
        ({"uris": ["spiffe://prod.example/a/../b"]}, "SPIFFE ID"),
        ({"uris": ["spiffe://prod.example/a//b"]}, "SPIFFE ID"),
        ({"uris": ["spiffe://prod.example/a?b"]}, "SPIFFE ID"),
        ({"uris": ["spiffe://prod.example/a%2Fb"]}, "SPIFFE ID"),
        ({"uris": [f"spiffe://prod.example/{'a' * 2_048}"]}, "SPIFFE ID"),
        ({"dns_names": ["a,b"]}, "DNS name"),
        ({"dns_names": ["a b"]}, "DNS name"),
        ({"dns_names": ["spiffe://prod.example/a"]}, "DNS name"),
        ({"dns_names": [""]}, "DNS name"),
    ],
    ids=lambda each: None,
)
def test_a_certificate_that_names_nobody_for_certain_proves_nothing(
    names: dict[str, Any], why: str
) -> None:
    with pytest.raises(NotProvenError, match=why):
        read(AUTHORITY.client(**names))


def test_other_kinds_of_names_are_no_identity() -> None:
    others = (
        x509.RFC822Name("a@b.example"),
        x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\5\0"),
    )
    assert read(AUTHORITY.signed("the common name", others)).subject == "the common name"


@pytest.mark.parametrize(
    "pem", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_proves_nothing(pem: bytes) -> None:
    with pytest.raises(NotProvenError, match="cannot be read"):
        peer_certificate({"x509_pem_cert": [pem]})


def test_a_connection_without_a_certificate_proves_nothing() -> None:
    assert peer_certificate({}) is None
    assert peer_certificate({"transport_security_type": [b"ssl"]}) is None


def test_a_certificate_that_ends_on_an_open_connection_proves_nothing_more() -> None:
    client = AUTHORITY.client(ends=timedelta(hours=1))
    context = {"x509_pem_cert": [client.pem]}
    end = client.certificate.not_valid_after_utc
    assert peer_certificate(context, end - timedelta(seconds=1)) is not None
    with pytest.raises(NotProvenError, match="expired"):
        peer_certificate(context, end)


@dataclass(frozen=True)
class Mesh:
    """A server that asks for client certificates, and clients with some."""

    authority: Authority
    address: str
    app: Guarded
    stack: AsyncExitStack

    async def peer(self, client: Credential | None) -> Peer:
        credentials = self.authority.channel_credentials(client)
        return await self.stack.enter_async_context(Peer(self.address, credentials))


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[Mesh]:
    async with AsyncExitStack() as stack:
        jwks = tmp_path / "jwks.json"
        jwks.write_bytes(key_set(KEY))
        server, app = await stack.enter_async_context(
            served(
                **tls_settings(AUTHORITY, tmp_path),
                jwt_issuer=ISSUER,
                jwt_audience=[AUDIENCE],
                jwks=str(jwks),
            )
        )
        yield Mesh(AUTHORITY, server.addresses[0], app, stack)


def tls_settings(authority: Authority, directory: Path) -> dict[str, str]:
    """A server's certificate, and whose client certificates it asks for."""
    client_ca = directory / "client-ca.pem"
    client_ca.write_bytes(authority.root.pem)
    cert, key = authority.server().files(directory)
    return {"tls_cert": cert, "tls_key": key, "tls_client_ca": str(client_ca)}


async def test_a_certificate_is_an_identity_over_the_wire(mesh: Mesh) -> None:
    peer = await mesh.peer(AUTHORITY.client(uris=[SPIFFE]))
    for ending in (await peer.call_session(), await peer.call()):
        assert ending.code is grpc.StatusCode.OK
    assert [(each.subject, each.kind) for each in mesh.app.callers] == [
        (SPIFFE, IdentityKind.MTLS)
    ] * 2


async def test_a_certificate_of_another_authority_ends_at_the_handshake(mesh: Mesh) -> None:
    stranger = Authority("stranger").client(uris=[SPIFFE])
    for client in (stranger, None):
        peer = await mesh.peer(client)
        assert (await peer.call()).code is grpc.StatusCode.UNAVAILABLE
    assert mesh.app.callers == []


async def test_a_certificate_that_names_nobody_is_refused_before_the_app_is_touched(
    mesh: Mesh,
) -> None:
    peer = await mesh.peer(AUTHORITY.client(uris=[SPIFFE, "https://b.example/"]))
    for ending in (await peer.call_session(), await peer.call()):
        assert ending.code is grpc.StatusCode.UNAUTHENTICATED
        assert (ending.reason, ending.execution) == ("UNAUTHENTICATED", "NOT_STARTED")
        assert "another URI" in ending.details
    assert mesh.app.callers == []


async def test_with_a_token_the_token_is_the_subject_and_the_certificate_the_actor(
    mesh: Mesh,
) -> None:
    peer = await mesh.peer(AUTHORITY.client(uris=[SPIFFE]))
    far = int(datetime.now(UTC).timestamp()) + 10**6
    assert (
        await peer.call(bearer(KEY.token(exp=far, act={"sub": "x"})))
    ).code is grpc.StatusCode.OK
    (identity,) = mesh.app.callers
    assert (identity.subject, identity.kind) == ("alice", IdentityKind.JWT)
    assert identity.actor == SPIFFE
    assert identity.expires_at is not None
    assert identity.expires_at.timestamp() < far, "it ends with the first of the two"


async def test_a_good_certificate_makes_no_bad_token_good(mesh: Mesh) -> None:
    peer = await mesh.peer(AUTHORITY.client(uris=[SPIFFE]))
    for metadata in (bearer(KEY.token(exp=1)), bearer("nonsense"), bearer("mcpgrpc_a_b")):
        ending = await peer.call(metadata)
        assert ending.code is grpc.StatusCode.UNAUTHENTICATED
    assert mesh.app.callers == []


async def test_a_token_that_is_bound_to_a_certificate_is_good_with_it_alone(mesh: Mesh) -> None:
    owner = AUTHORITY.client(uris=[SPIFFE])
    thumbprint = base64.urlsafe_b64encode(owner.fingerprint).rstrip(b"=").decode()
    stolen = bearer(KEY.token(cnf={"x5t#S256": thumbprint}))
    assert (await (await mesh.peer(owner)).call(stolen)).code is grpc.StatusCode.OK
    doubly = bearer(KEY.token(cnf={"x5t#S256": thumbprint, "jkt": "A" * 43}))
    half_proven = await (await mesh.peer(owner)).call(doubly)
    assert half_proven.code is grpc.StatusCode.UNAUTHENTICATED
    thief = await (await mesh.peer(AUTHORITY.client(uris=[SPIFFE]))).call(stolen)
    assert thief.code is grpc.StatusCode.UNAUTHENTICATED
    assert "another client certificate" in thief.details


@pytest.mark.parametrize(
    "confirmation",
    [
        {},
        [],
        "text",
        {"x5t#S256": 7},
        {"x5t#S256": "="},
        {"jkt": "x"},
        {"x5t#S256": "A", "jkt": "B"},
    ],
    ids=str,
)
async def test_a_token_that_is_bound_in_another_way_is_refused(
    mesh: Mesh, confirmation: object
) -> None:
    peer = await mesh.peer(AUTHORITY.client(uris=[SPIFFE]))
    ending = await peer.call(bearer(KEY.token(cnf=confirmation)))
    assert ending.code is grpc.StatusCode.UNAUTHENTICATED
    assert "cnf" in ending.details


async def test_no_certificate_and_no_header_of_one_reaches_a_log(
    mesh: Mesh, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = AUTHORITY.client(common_name=[])
    peer = await mesh.peer(client)
    token = KEY.token()
    await peer.call((("x-forwarded-client-cert", "URI=spiffe://a.example/forged"), *bearer(token)))
    body = client.pem.decode().splitlines()[1]
    assert body not in caplog.text
    assert client.key_pem.decode().splitlines()[1] not in caplog.text
    assert "forged" not in caplog.text
    assert not [part for part in token.split(".") if part in caplog.text]
