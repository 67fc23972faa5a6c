"""What several servers say about themselves as what one says: pure rules over parsed results.

It asks nobody. Members that are down are in it with what they said last, so that a client which
comes during an outage knows what to expect after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]

SERVER_INFO_META_KEY: Final = "io.modelcontextprotocol/serverInfo"

_LISTED: Final = ("tools", "prompts", "resources")
_MERGED_INSIDE: Final = ("experimental", "extensions")


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Who the merged server says it is."""

    name: str
    version: str

    @property
    def json(self) -> Json:
        """MCP's `Implementation`."""
        return {"name": self.name, "version": self.version}


@dataclass(frozen=True, slots=True)
class Introduction:
    """What one member said about itself in `initialize` or `server/discover`."""

    member: str
    result: Json

    @property
    def capabilities(self) -> Json:
        """Its capabilities; empty when it said none."""
        return object_of(self.result.get("capabilities"))


def merged_capabilities(all_of: Iterable[Mapping[str, Any]]) -> Json:
    """The union of capabilities; of what two say differently, the first holds.

    Lists always say that they change: they do when a member comes or goes.
    """
    merged: Json = {}
    for capabilities in all_of:
        for key, value in capabilities.items():
            if isinstance(value, dict):
                merged[key] = _united(key, object_of(merged.get(key)), value)
    for key in _LISTED:
        if key in merged:
            merged[key]["listChanged"] = True
    return merged


def initialize_result(
    introductions: Sequence[Introduction], capabilities: Json, info: ServerInfo
) -> Json:
    """The result of `initialize`: the oldest revision that a member negotiated, which all know."""
    result = {
        "protocolVersion": min(_version(each.result) for each in introductions),
        "capabilities": capabilities,
        "serverInfo": info.json,
    }
    return result | _instructions(introductions)


def discover_result(
    introductions: Sequence[Introduction],
    capabilities: Json,
    info: ServerInfo,
    *,
    everyone_answered: bool,
) -> Json:
    """The result of `server/discover`: the revisions that all support, in the first one's order."""
    results = [each.result for each in introductions]
    result = {
        "resultType": "complete",
        "supportedVersions": _common_versions(results),
        "capabilities": capabilities,
        **caching(results, everyone_answered=everyone_answered),
        "_meta": {SERVER_INFO_META_KEY: info.json},
    }
    return result | _instructions(introductions)


def caching(results: Iterable[Mapping[str, Any]], *, everyone_answered: bool) -> Json:
    """How long and for whom a merged result may be kept: as the strictest of its parts says.

    What a member is missing from is stale at once: nobody can say when it comes back.
    """
    parts = list(results)
    ttls = [_ttl_ms(part.get("ttlMs")) for part in parts] if everyone_answered else []
    public = bool(parts) and all(part.get("cacheScope") == "public" for part in parts)
    return {"ttlMs": min(ttls, default=0), "cacheScope": "public" if public else "private"}


def object_of(value: object) -> Json:
    """A value that should be an object; an empty one when it is none."""
    return value if isinstance(value, dict) else {}


def _united(key: str, first: Json, second: Json) -> Json:
    united = {**second, **first}
    if key == "resources" and (first.get("subscribe") or second.get("subscribe")):
        united["subscribe"] = True
    if key in _MERGED_INSIDE:
        return {inner: dict(object_of(value)) for inner, value in united.items()}
    return united


def _instructions(introductions: Iterable[Introduction]) -> Json:
    parts = [
        f"# {each.member}\n\n{text}"
        for each in introductions
        if isinstance(text := each.result.get("instructions"), str) and text
    ]
    return {"instructions": "\n\n".join(parts)} if parts else {}


def _version(result: Json) -> str:
    return str(result.get("protocolVersion", ""))


def _common_versions(results: Sequence[Json]) -> list[str]:
    offered = [result.get("supportedVersions") for result in results]
    lists = [versions for versions in offered if isinstance(versions, list)]
    first = lists[0] if lists else []
    return [version for version in first if all(version in versions for versions in lists)]


def _ttl_ms(value: object) -> int:
    return max(value, 0) if isinstance(value, int) and not isinstance(value, bool) else 0
