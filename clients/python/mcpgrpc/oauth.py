"""A bearer token from an OAuth 2.0 authorization server, for a service that speaks for itself.

It is the client-credentials grant (RFC 6749, section 4.4) alone: no user, no browser, no refresh
token. Give it as `token=` wherever a token goes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from mcpgrpc.binding.limits import KIB
from mcpgrpc.credentials import read_secret
from mcpgrpc.errors import ConnectError, UsageError
from mcpgrpc.http_post import HttpAnswer, post
from mcpgrpc.targets import is_local

REQUEST_SECONDS: Final = 10.0
"""How long the authorization server may take."""

MAX_ANSWER_BYTES: Final = 64 * KIB

DEFAULT_LIFE_SECONDS: Final = 60.0
"""How long a token is used of which the server does not say how long it lives."""

RENEW_SECONDS: Final = 30.0
"""A token is not used in its last seconds: it must live until the server has looked at it."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    use_until: float


class ClientCredentials:
    """An async callable that gives a valid token: the kept one, or a fresh one.

    Callers that come at once wait for one request. Its repr shows no secret.

    Args:
        token_url: the authorization server's token endpoint, `https://`, or `http://` on this
            machine.
        client_id: who asks.
        client_secret_file: the file with the secret, read for every request, so that it can be
            rotated.
        scope: what is asked for, separated by spaces; "" leaves it to the server.
        audience: for servers that ask for one; also sent as `resource` (RFC 8707).

    Raises:
        UsageError: the URL is not usable, or would carry the secret in plaintext.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret_file: Path | str,
        *,
        scope: str = "",
        audience: str = "",
    ) -> None:
        self._url = _checked(token_url)
        self._client_id = client_id
        self._secret_file = client_secret_file
        asked = {"grant_type": "client_credentials", "scope": scope, "audience": audience}
        asked["resource"] = audience
        self._form = urlencode({name: value for name, value in asked.items() if value})
        self._token: _Token | None = None
        self._asking = asyncio.Lock()

    def __repr__(self) -> str:
        return f"ClientCredentials({self._url!r}, {self._client_id!r})"

    async def __call__(self) -> str:
        """A token that is valid for a while.

        Raises:
            ConnectError: the authorization server is away, or refuses; says why without secrets.
            UsageError: the secret's file cannot be read.
        """
        async with self._asking:
            if self._token is None or time.monotonic() >= self._token.use_until:
                self._token = await self._ask()
            return self._token.text

    async def _ask(self) -> _Token:
        secret = read_secret(self._secret_file)
        pair = f"{quote_plus(self._client_id)}:{quote_plus(secret)}"
        headers = {
            "authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        try:
            answer = await post(
                self._url,
                headers,
                self._form.encode(),
                timeout_seconds=REQUEST_SECONDS,
                max_bytes=MAX_ANSWER_BYTES,
            )
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ConnectError(f"no token from {self._url}: {why}") from None
        return self._token_of(answer)

    def _token_of(self, answer: HttpAnswer) -> _Token:
        try:
            said = json.loads(answer.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            said = {}
        token = said.get("access_token")
        if answer.status != 200 or not isinstance(token, str):
            # RFC 6749 gives "error" as one word; a description may say too much.
            word = said.get("error")
            why = word if isinstance(word, str) and len(word) < 100 else f"HTTP {answer.status}"
            raise ConnectError(f"no token from {self._url}: {why}")
        if str(said.get("token_type", "bearer")).lower() != "bearer":
            raise ConnectError(f"no token from {self._url}: it gives no bearer tokens")
        life_seconds = _life_seconds(said.get("expires_in"))
        return _Token(token, time.monotonic() + max(life_seconds - RENEW_SECONDS, life_seconds / 2))


def _life_seconds(expires_in: Any) -> float:
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        return DEFAULT_LIFE_SECONDS
    return expires_in if 0 < expires_in < math.inf else DEFAULT_LIFE_SECONDS


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
        raise UsageError(f"{parts.geturl().partition('@')[2] or url!r} is no token endpoint")
    port = parts.port or 443
    if parts.scheme == "http" and not is_local(f"{parts.hostname}:{port}"):
        raise UsageError(f"{url} would carry the client's secret in plaintext: use https")
    return url
