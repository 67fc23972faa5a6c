"""The two ways in which a command ends badly, and the exit code of each.

It is not where errors of the service are worded: those come from `mcpgrpc.errors`.
"""

FAILED = 1
USED_WRONGLY = 2
INTERRUPTED = 130
"""128 + SIGINT, what a shell reports for a command that Ctrl-C ended."""


class CommandError(Exception):
    """The command could not do its work; the message is one line for a person, exit code 1."""

    exit_code = FAILED


class MisuseError(CommandError):
    """The command line itself is wrong; the message says how to put it right, exit code 2."""

    exit_code = USED_WRONGLY


class ReportedError(CommandError):
    """The command failed and has written all there is to say, exit code 1 and no message."""
