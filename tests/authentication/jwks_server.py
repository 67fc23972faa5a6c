"""An issuer's HTTP side on loopback: a real server whose JWKS a test changes while it runs.

It counts what it is asked for, and waits or lies when a test tells it to.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MAX_SECONDS = 10.0


class JwksServer:
    """What it answers, and what it was asked.

    Attributes:
        url: where it is, without a path.
        contents: the JWKS.
        headers: sent with it.
        status: its status.
        configuration: the OpenID configuration; None has none.
        asked: how often each path was asked for.
        may_answer: answers wait for it.
        was_asked: set with every request.
    """

    def __init__(self, contents: bytes) -> None:
        self.url = ""
        self.contents = contents
        self.headers: Mapping[str, str] = {}
        self.status = 200
        self.configuration: Mapping[str, str] | None = None
        self.asked: Counter[str] = Counter()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.was_asked = asyncio.Event()

    @property
    def jwks_url(self) -> str:
        """Where the JWKS is."""
        return f"{self.url}/jwks"

    async def answer(self, request: Request) -> Response:
        """The JWKS, whichever path it is asked by."""
        await self._noted(request)
        return Response(self.contents, self.status, self.headers, "application/json")

    async def configure(self, request: Request) -> Response:
        """The OpenID configuration."""
        await self._noted(request)
        if self.configuration is None:
            return Response(status_code=404)
        return JSONResponse(self.configuration)

    async def _noted(self, request: Request) -> None:
        self.asked[request.url.path] += 1
        self.was_asked.set()
        async with asyncio.timeout(MAX_SECONDS):
            await self.may_answer.wait()


@asynccontextmanager
async def jwks_server(
    contents: bytes = b"", certificate: tuple[str, str] | None = None
) -> AsyncIterator[JwksServer]:
    """Serves on a free port; over TLS with a certificate and its key, both files."""
    issuer = JwksServer(contents)
    routes = [
        Route("/realm/.well-known/openid-configuration", issuer.configure),
        Route("/{path:path}", issuer.answer),
    ]
    cert, key = certificate or (None, None)
    config = uvicorn.Config(
        Starlette(routes=routes),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        ssl_certfile=cert,
        ssl_keyfile=key,
    )
    server = _Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        issuer.url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield issuer
        finally:
            issuer.may_answer.set()
            server.should_exit = True
            await asyncio.wait_for(serving, MAX_SECONDS)


class _Server(uvicorn.Server):
    """Without uvicorn's own signal handlers, which would take those of the tests."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
