"""The file of API keys as `mcpgrpc keys` writes it: whole, at once, for its owner alone.

It makes no key and proves nobody. A server that reads the file meets the old one or the new one,
never a part.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

from mcpgrpc.binding import json_text
from mcpgrpc_server.authentication.api_keys import MAX_KEYS, ApiKey, parse_api_keys

HEADING: Final = (
    "# API keys of an mcpgrpc server, written by `mcpgrpc keys`: none can be read from here.\n"
    "# Comments are not kept.\n"
)

Change: TypeAlias = Callable[[dict[str, ApiKey]], object]


class ApiKeyFileError(Exception):
    """The file cannot be read or written; the message says which and why, in one line."""


def read_api_keys(path: Path) -> dict[str, ApiKey]:
    """The keys in a file by their ids.

    Raises:
        ApiKeyFileError: it cannot be read, or is not one of keys.
    """
    try:
        return parse_api_keys(path.read_bytes())
    except OSError as error:
        raise ApiKeyFileError(f"cannot read the API keys in {path}: {error.strerror}") from None
    except ValueError as error:
        why = " ".join(str(error).split())
        raise ApiKeyFileError(f"cannot use the API keys in {path}: {why}") from None


def change_api_keys(path: Path, change: Change) -> None:
    """Read the keys of a file, change them, and put the new file in the place of the old.

    A file that is not there has no keys. What was there keeps its owner and its rights, but for
    those of everybody. Two changes at once do not lose one another: the second is refused.

    Args:
        path: the file; a link stays one.
        change: adds and takes away; whatever it raises leaves the file as it was.

    Raises:
        ApiKeyFileError: it cannot be read or written, or is being changed.
    """
    path = path.resolve()
    draft = path.with_name(f"{path.name}.new")
    try:
        with open(draft, "x", encoding="utf-8", opener=_for_the_owner) as file:
            try:
                keys = read_api_keys(path) if path.exists() else {}
                change(keys)
                _check_number(keys, path)
                file.write(_text(keys.values()))
                file.flush()
                _keep_rights(file.fileno(), path)
                os.fsync(file.fileno())
                draft.replace(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise ApiKeyFileError(
            f"{path} is being changed by another command; if none runs, remove {draft}"
        ) from None
    except OSError as error:
        raise ApiKeyFileError(f"cannot write {path}: {error.strerror}") from None


def _check_number(keys: dict[str, ApiKey], path: Path) -> None:
    if len(keys) > MAX_KEYS:
        raise ApiKeyFileError(f"{path} has {MAX_KEYS} keys, which is as many as a server takes")


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _keep_rights(descriptor: int, path: Path) -> None:
    """The service that reads the file goes on reading it."""
    with contextlib.suppress(OSError):
        old = path.stat()
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & ~stat.S_IRWXO)
        os.fchown(descriptor, old.st_uid, old.st_gid)


def _text(keys: Iterable[ApiKey]) -> str:
    return "\n".join([HEADING, *(_table(key) for key in keys)])


def _table(key: ApiKey) -> str:
    lines = [
        "[[key]]",
        f"id = {json_text.dump(key.id)}",
        f"name = {json_text.dump(key.name)}",
        f"sha256 = {json_text.dump(key.sha256)}",
        f"scopes = {json_text.dump(sorted(key.scopes))}",
        f"created_at = {time_text(key.created_at)}",
    ]
    if key.expires_at is not None:
        lines.append(f"expires_at = {time_text(key.expires_at)}")
    return "\n".join(lines) + "\n"


def time_text(time: datetime) -> str:
    """A time as TOML and RFC 3339 have it, in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
