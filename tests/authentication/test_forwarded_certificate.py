"""`x-forwarded-client-cert`: whose word counts, which part of it, and what is not believed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc_server.authentication.forwarded_certificate import (
    MAX_HEADER_CHARACTERS,
    forwarded_identity,
)
from mcpgrpc_server.identity import IdentityKind, NotProvenError
from tests.authentication.served import Guarded, Metadata, Peer, bearer, served
from tests.authentication.token_issuer import AUDIENCE, ISSUER, ec_key, key_set
from tests.transport_security.authority import Authority, Credential
from tests.wire.raw import Ending

PROXY = "spiffe://mesh.example/ns/edge/sa/envoy"
CLIENT = "spiffe://mesh.example/ns/apps/sa/agent"
OTHER = "spiffe://mesh.example/ns/apps/sa/other"
HASH = "ab" * 32
PEM = "-----BEGIN%20CERTIFICATE-----%0AAAAA%3D%3D%0A-----END%20CERTIFICATE-----%0A"
KEY = ec_key()
AUTHORITY = Authority()


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        (f"By={PROXY};Hash={HASH};URI={CLIENT}", CLIENT),
        (f'By={PROXY};Hash={HASH};Subject="CN=cn";URI={CLIENT};DNS=a.example', CLIENT),
        (f'By={PROXY};Hash={HASH};Cert="{PEM}";Chain="{PEM}";Subject="";URI={CLIENT}', CLIENT),
        (f"uri={CLIENT}", CLIENT),
        (f'URI="{CLIENT}"', CLIENT),
        (f"Unknown=x;URI={CLIENT}", CLIENT),
        (f"Hash=;URI={CLIENT}", CLIENT),
        ("URI=;DNS=A.example;DNS=b.example", "a.example"),
        ("URI=https://a.example/?x=y;DNS=a.example", "a.example"),
        ('Subject="CN=cn";DNS=a.example', "a.example"),
        ('Subject="CN=Report runner,O=Example";URI=', "Report runner"),
        ('Subject="O=Example,CN=Report runner"', "Report runner"),
        ('Subject="emailAddress=a@b.example,CN=cn,C=US"', "cn"),
        ('Subject="CN=a\\,b"', "a,b"),
        ('Subject="CN=a\\"b"', 'a"b'),
        ('Subject="O=x\\,CN=y,CN=cn"', "cn"),
        ('Subject="CN=M\\C3\\BCller"', "Müller"),
        (f"By=a;URI={OTHER},By=b;URI={CLIENT}", CLIENT),
        (f"By=a;URI={OTHER}, By=b;URI={CLIENT}", CLIENT),
        (f'By=a;Subject="CN=a,O=b;c";URI={OTHER},URI={CLIENT}', CLIENT),
    ],
    ids=lambda each: None,
)
def test_the_last_element_names_the_client_and_the_proxy_acts_for_it(
    header: str, subject: str
) -> None:
    identity = forwarded_identity([header], PROXY)
    assert (identity.subject, identity.actor) == (subject, PROXY)
    assert identity.kind is IdentityKind.MTLS


def test_a_header_in_several_values_is_one_in_their_order() -> None:
    identity = forwarded_identity([f"URI={OTHER}", f"URI={CLIENT}"], PROXY)
    assert identity.subject == CLIENT


def test_an_identity_says_which_certificate_the_proxy_saw() -> None:
    identity = forwarded_identity([f"Hash={HASH};URI={CLIENT}"], PROXY)
    assert identity.claims == {"fingerprint_sha256": HASH, "spiffe_trust_domain": "mesh.example"}


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        ",",
        ";",
        "URI",
        "=",
        f"={CLIENT}",
        f"URI={CLIENT};",
        f"URI={CLIENT},",
        f",URI={CLIENT}",
        f"URI={CLIENT};;Hash={HASH}",
        f'URI="{CLIENT}',
        f'URI="{CLIENT}"x',
        f'URI=x"{CLIENT}"',
        f"URI={CLIENT};URI={OTHER}",
        f"URI={CLIENT};URI=",
        f"URI=;URI={CLIENT}",
        f"URI={CLIENT};URI=https://a.example/",
        "URI=spiffe://mesh.example",
        "URI=spiffe://mesh.example/a b",
        f"URI={CLIENT} ",
        f"Hash={HASH};Hash={HASH};URI={CLIENT}",
        f"Hash=short;URI={CLIENT}",
        f"Hash={HASH.upper()};URI={CLIENT}",
        'Subject="CN=a";Subject="CN=b"',
        'Subject="CN=a,CN=b"',
        'Subject="CN=a+CN=b"',
        'Subject="CN=#zz"',
        'Subject="CN="',
        'Subject="CN=a\\0Ab"',
        'Subject="O=nobody"',
        'Subject="/C=US/CN=slashes"',
        f'Subject="CN={CLIENT}"',
        "DNS=a b",
        "DNS=*",
        f"Hash={HASH}",
        "By=x;URI=",
        f"URI={OTHER},Hash={HASH}",
        f"{'K' * 33}=x;URI={CLIENT}",
        f"K\x00=x;URI={CLIENT}",
        f"URI={CLIENT}," * 300,
        '"' * MAX_HEADER_CHARACTERS,
        "\\" * MAX_HEADER_CHARACTERS,
        'Subject="' + "\\" * (MAX_HEADER_CHARACTERS - 9),
        'Subject="' + "CN=a," * 3_000 + '"',
        "a=b;" * 4_000,
        "U" * (MAX_HEADER_CHARACTERS + 1),
    ],
    ids=lambda each: None,
)
def test_a_header_that_names_nobody_for_certain_is_refused(header: str) -> None:
    with pytest.raises(NotProvenError) as refused:
        forwarded_identity([header], PROXY)
    assert CLIENT not in str(refused.value)


@given(st.text() | st.from_regex(r"((By|Hash|URI|DNS|Subject)=(\"[^\"]*\"|[^\",;]*)[;,]?)+"))
def test_no_header_does_anything_but_name_somebody_or_be_refused(header: str) -> None:
    with contextlib.suppress(NotProvenError):
        assert forwarded_identity([header], PROXY).subject


class Mesh:
    """Clients of servers that trust proxies, over certificates or a Unix socket."""

    def __init__(self, directory: Path, stack: AsyncExitStack) -> None:
        self.app: Guarded
        self._directory = directory
        self._stack = stack
        self._address = ""
        jwks = directory / "jwks.json"
        jwks.write_bytes(key_set(KEY))
        self._tokens = {"jwt_issuer": ISSUER, "jwt_audience": [AUDIENCE], "jwks": str(jwks)}

    @property
    def socket(self) -> str:
        return f"unix:{self._directory}/proxy.sock"

    async def start(self, *proxies: str, **settings: Any) -> None:
        told = {**self._tokens, "trusted_proxy": proxies, **settings}
        server, self.app = await self._stack.enter_async_context(served(**told))
        self._address = server.addresses[0]

    async def start_tls(self, *proxies: str, **settings: Any) -> None:
        client_ca = self._directory / "client-ca.pem"
        client_ca.write_bytes(AUTHORITY.root.pem)
        cert, key = AUTHORITY.server().files(self._directory)
        tls = {"tls_cert": cert, "tls_key": key, "tls_client_ca": str(client_ca)}
        await self.start(*proxies, **tls, **settings)

    async def call(self, client: Credential | None, *values: str, more: Metadata = ()) -> Ending:
        """Call with the header, over a connection of this certificate."""
        credentials = None if client is None else AUTHORITY.channel_credentials(client)
        header = tuple(("x-forwarded-client-cert", value) for value in values)
        async with Peer(self._address, credentials) as peer:
            for ending in (await peer.call_session(header + more), await peer.call(header + more)):
                last = ending
        return last

    @property
    def callers(self) -> list[tuple[str, str | None]]:
        return [(each.subject, each.actor) for each in self.app.callers]


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[Mesh]:
    async with AsyncExitStack() as stack:
        yield Mesh(tmp_path, stack)


ENVOY = AUTHORITY.client("envoy", uris=[PROXY], dns_names=["envoy.example"])


async def test_a_proxy_named_by_its_certificate_says_who_calls(mesh: Mesh) -> None:
    await mesh.start_tls(PROXY)
    ending = await mesh.call(ENVOY, f"By={PROXY};Hash={HASH};URI={CLIENT}")
    assert ending.code is grpc.StatusCode.OK
    assert mesh.callers == [(CLIENT, PROXY)] * 2
    assert mesh.app.callers[0].expires_at == ENVOY.certificate.not_valid_after_utc


async def test_a_proxy_may_be_named_by_a_dns_name_of_its_certificate(mesh: Mesh) -> None:
    await mesh.start_tls("Envoy.Example")
    await mesh.call(ENVOY, f"URI={CLIENT}")
    assert mesh.callers == [(CLIENT, PROXY)] * 2


async def test_a_proxy_on_a_unix_socket_says_who_calls(mesh: Mesh) -> None:
    await mesh.start(mesh.socket, listen=[mesh.socket])
    ending = await mesh.call(None, f"URI={OTHER}", f"URI={CLIENT}")
    assert ending.code is grpc.StatusCode.OK
    assert mesh.callers == [(CLIENT, mesh.socket)] * 2


@pytest.mark.parametrize(
    "client",
    [
        AUTHORITY.client(uris=[OTHER]),
        AUTHORITY.client("envoy.example", uris=[OTHER]),
        AUTHORITY.client(PROXY, uris=[OTHER]),
        AUTHORITY.client(uris=[OTHER], dns_names=["envoy.example.test"]),
    ],
    ids=lambda each: None,
)
async def test_the_header_of_anybody_else_is_not_read_and_never_seen(
    mesh: Mesh, client: Credential
) -> None:
    await mesh.start_tls(PROXY, "envoy.example")
    for header in (f"URI={CLIENT}", "malformed"):
        assert (await mesh.call(client, header)).code is grpc.StatusCode.OK
        assert "x-forwarded-client-cert" not in mesh.app.headers
    assert mesh.callers == [(OTHER, None)] * 4


async def test_a_common_name_makes_no_proxy(mesh: Mesh) -> None:
    await mesh.start_tls("envoy.example")
    await mesh.call(AUTHORITY.client("envoy.example"), f"URI={CLIENT}")
    assert mesh.callers == [("envoy.example", None)] * 2


async def test_a_plaintext_caller_is_no_proxy_wherever_it_connects_from(mesh: Mesh) -> None:
    await mesh.start(mesh.socket, listen=["127.0.0.1:0", mesh.socket])
    ending = await mesh.call(None, f"URI={CLIENT}")
    assert ending.code is grpc.StatusCode.UNAUTHENTICATED
    assert mesh.callers == []


async def test_a_proxy_lends_its_own_identity_to_nobody(mesh: Mesh) -> None:
    await mesh.start_tls(PROXY)
    assert (await mesh.call(ENVOY)).code is grpc.StatusCode.UNAUTHENTICATED
    assert mesh.callers == []
    assert (await mesh.call(ENVOY, more=bearer(KEY.token()))).code is grpc.StatusCode.OK
    assert mesh.callers == [("alice", PROXY)] * 2


async def test_behind_a_proxy_a_token_is_the_subject_and_the_client_the_actor(mesh: Mesh) -> None:
    await mesh.start_tls(PROXY)
    await mesh.call(ENVOY, f"URI={CLIENT}", more=bearer(KEY.token()))
    assert mesh.callers == [("alice", CLIENT)] * 2


@pytest.mark.parametrize("header", ["", "malformed", f"URI={CLIENT};URI={OTHER}", "Hash=x"])
async def test_what_a_proxy_says_and_means_nothing_is_refused(mesh: Mesh, header: str) -> None:
    await mesh.start_tls(PROXY)
    for more in ((), bearer(KEY.token())):
        ending = await mesh.call(ENVOY, header, more=more)
        assert ending.code is grpc.StatusCode.UNAUTHENTICATED
        assert (ending.reason, ending.execution) == ("UNAUTHENTICATED", "NOT_STARTED")
    assert mesh.callers == []
