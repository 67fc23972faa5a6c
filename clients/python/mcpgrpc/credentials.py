"""What a caller proves itself with: bearer tokens and API keys, from a file or a callable.

It does not check them, and never shows them: a repr names where a secret comes from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from mcpgrpc.errors import UsageError

MAX_CREDENTIAL_BYTES: Final = 4096
"""Beyond it, metadata as a whole nears the 8 KiB at which gRPC rejects at random."""


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A bearer token in a file, read again for every stream, so that it can be rotated."""

    path: Path | str


@dataclass(frozen=True, slots=True)
class ApiKeyFile:
    """An API key in a file, sent as `x-api-key`; read again for every stream."""

    path: Path | str


TokenSource: TypeAlias = str | TokenFile | ApiKeyFile | Callable[[], Awaitable[str]]
"""A bearer token, where it stands, or who gives it."""


async def credential_metadata(source: TokenSource | None) -> tuple[tuple[str, str], ...]:
    """The metadata of a credential, fetched now.

    Raises:
        UsageError: the file cannot be read, or holds no credential.
    """
    if source is None:
        return ()
    if isinstance(source, ApiKeyFile):
        return (("x-api-key", read_secret(source.path)),)
    if isinstance(source, TokenFile):
        token = read_secret(source.path)
    elif isinstance(source, str):
        token = _checked(source, "the token")
    else:
        token = _checked(await source(), "the token callable")
    return (("authorization", f"Bearer {token}"),)


def read_secret(path: Path | str) -> str:
    """The secret that a file holds: one line of printable ASCII.

    Raises:
        UsageError: the file cannot be read, or holds something else.
    """
    return _checked(_read(path), str(path))


def _read(path: Path | str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read the credential in {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the credential in {path} is not text") from None


def _checked(secret: str, where: str) -> str:
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise UsageError(f"{where} holds no credential: one line of printable ASCII is needed")
    if len(secret) > MAX_CREDENTIAL_BYTES:
        raise UsageError(f"{where}: a credential has at most {MAX_CREDENTIAL_BYTES} bytes")
    return secret
