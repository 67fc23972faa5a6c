"""Every method of MCP in both eras, an app that notes which it hears, and a guard of every kind.

It checks nothing by itself. The methods are those of the SDK's own tables of the newest revisions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
from mcp import types
from mcp.server import Server as LowLevelServer
from mcp.server import ServerRequestContext
from mcp_types.methods import CLIENT_NOTIFICATIONS, CLIENT_REQUESTS

from mcpgrpc.v1 import envelope_pb2
from tests.authentication.matrix import Rows
from tests.authentication.served import Guarded, Metadata, Peer, serving
from tests.authentication.test_api_key_matrix import GOOD as GOOD_KEY
from tests.authentication.test_api_key_matrix import RING
from tests.authentication.test_api_key_matrix import ROWS as KEY_ROWS
from tests.authentication.test_token_matrix import KEY
from tests.authentication.test_token_matrix import ROWS as TOKEN_ROWS
from tests.authentication.token_issuer import (
    AUDIENCE,
    ISSUER,
    SigningKey,
    every_algorithm,
    key_set,
    rsa_key,
)
from tests.transport_security.authority import Authority, Credential
from tests.wire.raw import INITIALIZE, modern, notification, request

MODERN, LEGACY = "2026-07-28", "2025-11-25"
EXTENSION, UNKNOWN = "com.example/run", "nothing/known"
TASKS: Final = tuple(
    kind.model_fields["method"].default
    for kind in (
        types.GetTaskRequest,
        types.GetTaskPayloadRequest,
        types.ListTasksRequest,
        types.CancelTaskRequest,
    )
)
"""Of which the SDK has the types and no app the handlers."""


def _of(table: Any, revision: str, *further: str) -> tuple[str, ...]:
    return (*sorted(name for name, each in table if each == revision), *further)


MODERN_METHODS: Final = _of(CLIENT_REQUESTS, MODERN, EXTENSION, UNKNOWN)
LEGACY_METHODS: Final = _of(CLIENT_REQUESTS, LEGACY, EXTENSION, *TASKS, UNKNOWN)
METHODS: Final = tuple(sorted({*MODERN_METHODS, *LEGACY_METHODS}))
NOTIFICATIONS: Final = _of(CLIENT_NOTIFICATIONS, LEGACY, "notifications/com.example")

NOTE = "note:///a"
PARAMS: Final[dict[str, dict[str, Any]]] = {
    "completion/complete": {
        "ref": {"type": "ref/prompt", "name": "say"},
        "argument": {"name": "what", "value": ""},
    },
    "initialize": INITIALIZE,
    "logging/setLevel": {"level": "info"},
    "notifications/cancelled": {"requestId": "nobody's"},
    "notifications/progress": {"progressToken": 1, "progress": 1},
    "prompts/get": {"name": "say"},
    "resources/read": {"uri": NOTE},
    "resources/subscribe": {"uri": NOTE},
    "resources/unsubscribe": {"uri": NOTE},
    "subscriptions/listen": {"notifications": {}},
    "tools/call": {"name": "act", "arguments": {}},
}
RESULTS: Final[dict[str, dict[str, Any]]] = {
    "completion/complete": {"completion": {"values": []}},
    "logging/setLevel": {},
    "prompts/get": {"messages": []},
    "prompts/list": {"prompts": []},
    "resources/list": {"resources": []},
    "resources/read": {"contents": []},
    "resources/subscribe": {},
    "resources/templates/list": {"resourceTemplates": []},
    "resources/unsubscribe": {},
    "subscriptions/listen": {},
    "tools/call": {"content": []},
    "tools/list": {"tools": []},
    EXTENSION: {},
}


class EveryMethod(Guarded):
    """An app with a handler for every method that it may have one for.

    Attributes:
        heard: each message that reached it, before it was looked at: its method.
    """

    def __init__(self) -> None:
        server: LowLevelServer[Any] = LowLevelServer("every method")
        for method, result in RESULTS.items():
            server.add_request_handler(method, types.RequestParams, _answering(result))
        for method in NOTIFICATIONS:
            server.add_notification_handler(method, types.NotificationParams, _listening)
        server.middleware.insert(0, self._note)
        super().__init__(server)
        self.heard: list[str] = []

    async def _note(self, ctx: ServerRequestContext[Any], call_next: Any) -> Any:
        self.heard.append(ctx.method)
        return await call_next(ctx)

    def forget(self) -> None:
        """Begin anew."""
        self.heard.clear()
        self.clients.clear()


def _answering(result: dict[str, Any]) -> Any:
    async def answer(ctx: Any, params: Any) -> dict[str, Any]:
        return result

    return answer


async def _listening(ctx: Any, params: Any) -> None:
    """A notification asks for nothing."""


def modern_envelope(method: str) -> envelope_pb2.Envelope:
    """A request of a method in the modern era."""
    return request(1, method, modern(PARAMS.get(method)))


def notifications() -> Iterator[envelope_pb2.Envelope]:
    """Each notification that a client has."""
    for method in NOTIFICATIONS:
        yield notification(method, PARAMS.get(method))


PROXY = "spiffe://mesh.example/ns/edge/sa/door"
CALLER = "spiffe://mesh.example/ns/apps/sa/agent"
AUTHORITY = Authority()


MISSING: Final = "mcp:all"
POLICY: Final = f"""
[[rules]]
scopes = ["{MISSING}"]
methods = ["*"]
tools = ["*"]
prompts = ["*"]
resources = ["*"]
"""


def forbidding(folder: Path) -> str:
    """The path of a policy that gives everything to one scope, which nobody here has."""
    path = folder / "policy.toml"
    path.write_text(POLICY)
    return str(path)


@dataclass(frozen=True)
class Everything:
    """A server that takes credentials of every kind.

    Attributes:
        app: behind it.
        target: its plaintext listener.
        mutual: its listener that asks for client certificates.
    """

    app: EveryMethod
    target: str
    mutual: str


@asynccontextmanager
async def everything(folder: Path, **settings: Any) -> AsyncIterator[Everything]:
    """Serve it; its files are in the folder."""
    (folder / "jwks.json").write_bytes(key_set(KEY, rsa_key(), *every_algorithm()))
    (folder / "client-ca.pem").write_bytes(AUTHORITY.root.pem)
    certificate, key = AUTHORITY.server().files(folder)
    app = EveryMethod()
    told: dict[str, Any] = {
        "listen": ["plaintext:127.0.0.1:0", "mtls:127.0.0.1:0"],
        "tls_cert": certificate,
        "tls_key": key,
        "tls_client_ca": str(folder / "client-ca.pem"),
        "trusted_proxy": [PROXY],
        "jwt_issuer": ISSUER,
        "jwt_audience": [AUDIENCE],
        "jwks": str(folder / "jwks.json"),
        "api_keys": RING.save(folder / "keys.toml"),
        **settings,
    }
    async with serving(app, **told) as server:
        yield Everything(app, *server.addresses)


BAD: Final[Rows] = {
    "no credentials": ((), "credentials are needed"),
    "a malformed token": TOKEN_ROWS["malformed"],
    "a malformed key": KEY_ROWS["malformed in its header"],
    "a token of an unknown key": TOKEN_ROWS["unknown key"],
    "a key of an unknown id": KEY_ROWS["of an unknown id"],
    "a revoked key": KEY_ROWS["revoked"],
    "an expired token": TOKEN_ROWS["expired"],
    "an expired key": KEY_ROWS["expired"],
    "a token of a wrong issuer": TOKEN_ROWS["wrong issuer"],
    "a token for a wrong audience": TOKEN_ROWS["wrong audience"],
    "a token of a wrong algorithm": TOKEN_ROWS["wrong algorithm"],
    "a token signed with the public key": TOKEN_ROWS["HMAC with the public key"],
    "a token without a signature": TOKEN_ROWS["none and no signature"],
    "a token not yet valid": TOKEN_ROWS["not yet valid"],
    "two tokens": TOKEN_ROWS["two tokens"],
    "a token and a key": TOKEN_ROWS["a token and a key"],
    "a key in both headers": KEY_ROWS["in both headers"],
}
"""What nobody is let in with, and a part of the reason that is given."""


@dataclass(frozen=True)
class Good:
    """A way to prove who calls.

    Attributes:
        subject: whom it proves.
        metadata: what is presented.
        certificate: what the connection shows; plaintext without.
    """

    subject: str
    metadata: Metadata = ()
    certificate: Credential | None = None

    async def peer(self, server: Everything, stack: AsyncExitStack) -> Peer:
        """A connection of this caller."""
        target, credentials = server.target, None
        if self.certificate is not None:
            target = server.mutual
            credentials = AUTHORITY.channel_credentials(self.certificate)
        return await stack.enter_async_context(Peer(target, credentials))


def _token(key: SigningKey) -> Good:
    return Good("alice", (("authorization", f"Bearer {key.token()}"),))


BY_HEADER: Final[dict[str, Good]] = {
    "API key as a bearer": Good("billing", (("authorization", f"Bearer {GOOD_KEY}"),)),
    "API key in its header": Good("billing", (("x-api-key", GOOD_KEY),)),
    **{f"JWT by {key.key_id}": _token(key) for key in every_algorithm()},
}
BY_CERTIFICATE: Final[dict[str, Good]] = {
    "client certificate": Good(CALLER, certificate=AUTHORITY.client(uris=[CALLER])),
    "certificate that a proxy forwards": Good(
        CALLER,
        (("x-forwarded-client-cert", f"URI={CALLER}"),),
        AUTHORITY.client(uris=[PROXY]),
    ),
}
GOOD: Final = BY_HEADER | BY_CERTIFICATE
"""What everybody is let in with who has it."""

STRANGER: Final = Authority("stranger")
NO_CHANNEL: Final[dict[str, grpc.ChannelCredentials]] = {
    "no certificate": AUTHORITY.channel_credentials(),
    "a certificate of another authority": AUTHORITY.channel_credentials(
        STRANGER.client(uris=[CALLER])
    ),
    "another authority's of the same name": AUTHORITY.channel_credentials(
        Authority().client(uris=[CALLER])
    ),
}
"""What no handshake succeeds with."""
