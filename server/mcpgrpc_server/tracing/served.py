"""Whether what runs now runs in the span of a request that this service has made.

Whoever would make a SERVER span of its own, as the SDK's kernel does, leaves it out then.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

is_served: Final[ContextVar[bool]] = ContextVar("is_served", default=False)
"""Set by the tracing stage for the request alone."""
