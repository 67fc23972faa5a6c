"""The headers that the settings send to an upstream, some of whose values stand in files.

They are the upstream's own credential. None of them comes from a caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import SecretStr

from mcpgrpc.errors import ConnectError
from mcpgrpc_server.upstream.settings import is_field_value

MAX_VALUE_BYTES = 8_192
"""Servers take no longer field."""


class UpstreamHeaders(Mapping[str, str]):
    """The headers by name. A file is read again whenever its header is, so that it can be rotated.

    A file that cannot be read at that moment keeps its last value: one that is written anew may be
    empty or away for an instant.

    Args:
        name: the upstream's.
        values: headers with their values.
        files: headers with the files in which their values stand.

    Raises:
        ConnectError: a file cannot be read, or holds no value of a header.
    """

    def __init__(
        self, name: str, values: Mapping[str, SecretStr], files: Mapping[str, Path]
    ) -> None:
        self._files = files
        self._values = {header: value.get_secret_value() for header, value in values.items()}
        for header, path in files.items():
            value = _read(path)
            if value is None:
                raise ConnectError(
                    f"the upstream {name!r} cannot be reached: {path}, where its header {header}"
                    " should stand, holds no line of printable ASCII that can be read"
                )
            self._values[header] = value

    def __getitem__(self, header: str) -> str:
        if header in self._files:
            self._values[header] = _read(self._files[header]) or self._values[header]
        return self._values[header]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _read(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8") as file:
            value = file.read(MAX_VALUE_BYTES).strip()
    except (OSError, UnicodeDecodeError):
        return None
    return value if is_field_value(value) else None
