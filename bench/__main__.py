"""`python -m bench`: makes the environment of the bench, and runs `bench.run` in it.

It takes the arguments of `bench.run` and measures nothing itself.
"""

from __future__ import annotations

import os
import sys

from bench.environment import REPOSITORY, NotInstalledError, python


def main() -> None:
    """Become the run."""
    try:
        interpreter = python()
    except NotInstalledError as error:
        sys.exit(f"bench: {error}")
    os.chdir(REPOSITORY)
    words = [str(interpreter), "-m", "bench.run", *sys.argv[1:]]
    os.execv(words[0], words)  # noqa: S606 - our own interpreter, without a shell


if __name__ == "__main__":
    main()
