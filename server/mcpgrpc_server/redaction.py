"""What never reaches a log, under the name by which the rooms of the server know it.

It has no rules of its own: `mcpgrpc.logs.redaction` has them, since doors keep them as well.
"""

from mcpgrpc.logs.redaction import REDACTED, clip, escape_controls, redact

__all__ = ["REDACTED", "clip", "escape_controls", "redact"]
