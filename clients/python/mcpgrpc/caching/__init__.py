"""Answers that a client or a door may give again, as the protocol's caching means it."""

from mcpgrpc.caching.config import CacheConfig, CacheEvent, CacheMode
from mcpgrpc.caching.response_cache import Question, ResponseCache

__all__ = ["CacheConfig", "CacheEvent", "CacheMode", "Question", "ResponseCache"]
