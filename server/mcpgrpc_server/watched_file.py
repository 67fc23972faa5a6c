"""A file that is read again when it changes: keys, policies, key sets, certificates.

It runs nothing by itself: whoever reads the value looks at the file first, at most once in a while.
"""

from __future__ import annotations

import logging
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from mcpgrpc.binding.limits import MIB
from mcpgrpc.file_versions import GONE, Version, version_of

logger = logging.getLogger(__name__)

Parsed = TypeVar("Parsed")

DEFAULT_INTERVAL_SECONDS: Final = 1.0
MAX_FILE_BYTES: Final = MIB
"""It is read whole and parsed on the event loop; thousands of keys or rules have room in it."""


class WatchedFileError(Exception):
    """A file cannot be used; the message says which and why, in one line, without its contents."""


class WatchedFile(Generic[Parsed]):
    """The parsed contents of a file, as new as its last good version.

    A version that cannot be read or parsed is logged once, and the one before it stays in force. A
    symbolic link is followed, so that the swap by which Kubernetes renews a mounted volume counts.
    Reading `value` blocks for a look at the file and, when it changed, for reading it.

    Args:
        path: the file.
        parse: its bytes into a value; raises ValueError, whose text says what is wrong and where,
            and never quotes a secret. Called on the thread that reads `value`.
        what: the file in a log line and in an error, such as "API keys".
        interval_seconds: the file is looked at no more often than this; 0 looks each time.
        warn_readable_by_others: log a warning about each version that every user of the machine
            may read.

    Raises:
        WatchedFileError: it cannot be read or parsed now.
    """

    def __init__(
        self,
        path: Path | str,
        parse: Callable[[bytes], Parsed],
        *,
        what: str,
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
        warn_readable_by_others: bool = False,
    ) -> None:
        self.path = Path(path)
        self.generation = 0
        """Counts the versions that came into force; what was derived from one ends with it."""
        self._parse = parse
        self._what = what
        self._interval_seconds = interval_seconds
        self._warn_readable_by_others = warn_readable_by_others
        self._seen: Version | None = None
        self._looked_at = time.monotonic()
        self._take()

    @property
    def value(self) -> Parsed:
        """The last good version, looked for now if the last look is long enough ago."""
        now = time.monotonic()
        if now - self._looked_at >= self._interval_seconds:
            self._looked_at = now
            self._look()
        return self._value

    def _look(self) -> None:
        seen = self._seen
        try:
            if self._take():
                logger.info("read the %s in %s again", self._what, self.path)
        except WatchedFileError as error:
            # What is broken is said once, not at every look.
            if self._seen != seen:
                logger.error("%s; the version before it stays in force", error)

    def _take(self) -> bool:
        """Put the version that is there into force; False when it was seen before."""
        try:
            status = self.path.stat()
            version = version_of(status)
            if version == self._seen:
                return False
            self._seen = version
            self._value = self._parse(self._read(status.st_mode))
        except OSError as error:
            self._seen = GONE
            raise self._unusable(f"it cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise self._unusable(" ".join(str(error).split())) from None
        self.generation += 1
        return True

    def _read(self, mode: int) -> bytes:
        if not stat.S_ISREG(mode):
            raise ValueError("it is not a regular file")
        with self.path.open("rb") as file:
            contents = file.read(MAX_FILE_BYTES + 1)
        if len(contents) > MAX_FILE_BYTES:
            raise ValueError(f"it has more than {MAX_FILE_BYTES} bytes")
        if not contents.strip():
            # Seen while an editor writes in place; taken as it is it would end every key.
            raise ValueError("it is empty")
        if self._warn_readable_by_others and mode & stat.S_IROTH:
            logger.warning("every user can read the %s in %s; chmod o-r", self._what, self.path)
        return contents

    def _unusable(self, why: str) -> WatchedFileError:
        return WatchedFileError(f"cannot use the {self._what} in {self.path}: {why}")
