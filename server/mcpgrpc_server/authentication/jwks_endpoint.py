"""A JWKS over HTTP: at a URL, or where an issuer's OpenID configuration says; bounded all round.

It decides neither when to fetch nor what the keys are good for; `jwks_source` and `json_web_keys`
do. A redirect is refused: whoever may name the keys is named in the settings.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import Final

import httpx2

from mcpgrpc.binding import json_text
from mcpgrpc.logs.redaction import clip, escape_controls
from mcpgrpc_server.authentication.json_web_keys import MAX_SET_BYTES
from mcpgrpc_server.authentication.jwks_source import FetchedKeys, KeyFetchError
from mcpgrpc_server.listen_targets import is_local

FETCH_TIMEOUT_SECONDS: Final = 10.0
"""For a whole fetch: looking up the name, connecting, and every byte of both documents."""

MAX_JSON_DEPTH: Final = 16
MAX_SHOWN_CHARACTERS: Final = 200

DISCOVERY_PATH: Final = "/.well-known/openid-configuration"

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=\"?(\d{1,9})\b", re.IGNORECASE)
_NEVER_FRESH = re.compile(r"(?:^|[\s,])no-(?:store|cache)\b", re.IGNORECASE)


def check_url(url: str, *, insecure: bool) -> None:
    """Refuse a URL that keys cannot be trusted from.

    Args:
        url: of a JWKS, or an issuer's.
        insecure: whether plaintext is meant, even from other machines.

    Raises:
        ValueError: it is neither https nor http on this machine, or holds a user and password,
            which would reach the log; says so in one line.
    """
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise ValueError("it is no URL") from None
    if parsed.scheme not in ("https", "http") or not parsed.host:
        raise ValueError("it must be an https URL")
    if parsed.userinfo:
        raise ValueError("it must not hold a user or password")
    if parsed.scheme == "http" and not insecure and not is_local(parsed.host):
        raise ValueError(
            "keys from another machine need https, or whoever is between gives the keys;"
            " --insecure if that is meant"
        )


class JwksEndpoint:
    """Fetches a JWKS.

    Args:
        url: where it is; with `discovers`, the issuer whose OpenID configuration says where.
        discovers: whether to read that first. It is read each time: issuers move their keys.
        insecure: whether plaintext is meant, even from other machines.

    Raises:
        ValueError: as `check_url`.
    """

    def __init__(self, url: str, *, discovers: bool = False, insecure: bool = False) -> None:
        check_url(url, insecure=insecure)
        self._url = url
        self._discovers = discovers
        self._insecure = insecure
        self._tls: ssl.SSLContext | None = None

    async def __call__(self) -> FetchedKeys:
        """Fetch it now.

        Raises:
            KeyFetchError: it cannot be reached in time, is too large, or is not what it should be.
        """
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_SECONDS):
                return await self._fetch()
        except TimeoutError:
            raise self._error(f"it took longer than {FETCH_TIMEOUT_SECONDS:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise self._error(str(error) or type(error).__name__) from None

    async def _fetch(self) -> FetchedKeys:
        if self._tls is None:
            # Reads the certificates of the system's authorities, which takes a while.
            self._tls = await asyncio.to_thread(httpx2.create_ssl_context)
        url = await self._discovered(self._tls) if self._discovers else self._url
        return await _get(url, self._tls)

    async def _discovered(self, tls: ssl.SSLContext) -> str:
        """Where the issuer keeps its keys."""
        fetched = await _get(self._url.rstrip("/") + DISCOVERY_PATH, tls)
        text = fetched.contents.decode()
        configuration = json_text.parse_object(text, max_depth=MAX_JSON_DEPTH) or {}
        if configuration.get("issuer") != self._url:
            raise ValueError("its OpenID configuration is another issuer's")
        url = configuration.get("jwks_uri")
        if not isinstance(url, str):
            raise ValueError("its OpenID configuration has no jwks_uri")
        try:
            check_url(url, insecure=self._insecure)
        except ValueError as error:
            raise ValueError(f"jwks_uri in its OpenID configuration: {error}") from None
        return url

    def _error(self, why: str) -> KeyFetchError:
        shown = clip(escape_controls(why), MAX_SHOWN_CHARACTERS)
        return KeyFetchError(f"cannot fetch the JSON Web Key Set of {self._url}: {shown}")


async def _get(url: str, tls: ssl.SSLContext) -> FetchedKeys:
    """A document, read no further than it may be long.

    Raises:
        httpx2.HTTPError, OSError: it cannot be fetched.
        ValueError: the answer is not a document, or too large.
    """
    # A proxy of the environment is for other machines.
    uses_environment = not is_local(httpx2.URL(url).host)
    async with (
        httpx2.AsyncClient(
            verify=tls, trust_env=uses_environment, timeout=FETCH_TIMEOUT_SECONDS
        ) as client,
        client.stream("GET", url, headers=_HEADERS) as response,
    ):
        if response.status_code != httpx2.codes.OK:
            raise ValueError(f"{url} answers {response.status_code}{_location(response)}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ValueError(f"{url} answers compressed, which was not asked for")
        return FetchedKeys(await _body(response, url), _max_age(response))


_HEADERS: Final = {"accept": "application/json", "accept-encoding": "identity"}


async def _body(response: httpx2.Response, url: str) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_SET_BYTES:
            raise ValueError(f"{url} answers more than {MAX_SET_BYTES} bytes")
    return bytes(body)


def _location(response: httpx2.Response) -> str:
    to = response.headers.get("location")
    return f" and redirects to {to}; name the last address" if to is not None else ""


def _max_age(response: httpx2.Response) -> float | None:
    """How long the answer says that it is fresh; None when it does not say."""
    told = response.headers.get("cache-control", "")
    if _NEVER_FRESH.search(told):
        return 0.0
    found = _MAX_AGE.search(told)
    return float(found[1]) if found else None
