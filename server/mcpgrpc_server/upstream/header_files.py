"""Headers for an upstream whose values stand in files, so that a credential can be rotated.

They are the upstream's own credential. None of them comes from a caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx2

from mcpgrpc.errors import ConnectError
from mcpgrpc_server.upstream.setting_checks import is_field_value

MAX_VALUE_BYTES: Final = 8_192
"""Servers take no longer field."""


class HeaderFiles:
    """The files of one upstream. Each is read again for every request.

    A file that cannot be read at that moment keeps its last value: one that is written anew may be
    empty or away for an instant.

    Args:
        name: the upstream's.
        files: headers with the files in which their values stand.
    """

    def __init__(self, name: str, files: Mapping[str, Path]) -> None:
        self._name = name
        self._files = files
        self._values: dict[str, str] = {}

    def check(self) -> None:
        """Read every file.

        Raises:
            ConnectError: one cannot be read, or holds no value of a header.
        """
        self._read()
        for header in self._files.keys() - self._values.keys():
            raise ConnectError(
                f"the upstream {self._name!r} cannot be reached: {self._files[header]}, where its"
                f" header {header} should stand, holds no line of printable ASCII that can be read"
            )

    async def add_to(self, request: httpx2.Request) -> None:
        """Put the headers into a request that is about to be sent."""
        self._read()
        request.headers.update(self._values)

    def _read(self) -> None:
        for header, path in self._files.items():
            value = _read(path)
            if value is not None:
                self._values[header] = value


def _read(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8") as file:
            value = file.read(MAX_VALUE_BYTES).strip()
    except (OSError, UnicodeDecodeError):
        return None
    return value if is_field_value(value) else None
