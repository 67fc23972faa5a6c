"""What several servers say about themselves, as what one says."""

from __future__ import annotations

from typing import Any

import pytest

from mcpgrpc_server.merge.capabilities import (
    Introduction,
    ServerInfo,
    caching,
    discover_result,
    initialize_result,
    merged_capabilities,
)

INFO = ServerInfo("merged", "7")


def test_capabilities_are_the_union_and_lists_change_since_members_come_and_go() -> None:
    first = {"tools": {"listChanged": False}, "resources": {"subscribe": False}, "logging": {}}
    second = {"prompts": {}, "resources": {"subscribe": True}, "completions": {}}
    assert merged_capabilities([first, second]) == {
        "tools": {"listChanged": True},
        "prompts": {"listChanged": True},
        "resources": {"listChanged": True, "subscribe": True},
        "logging": {},
        "completions": {},
    }


def test_of_what_two_members_say_differently_the_first_holds() -> None:
    first = {"extensions": {"com.example/x": {"level": 1}}, "experimental": {"a": {}}}
    second = {"extensions": {"com.example/x": {"level": 2}, "com.example/y": {}}}
    assert merged_capabilities([first, second]) == {
        "extensions": {"com.example/x": {"level": 1}, "com.example/y": {}},
        "experimental": {"a": {}},
    }


def test_what_members_say_is_not_changed_by_merging_it() -> None:
    said: dict[str, Any] = {"tools": {}, "experimental": {"a": {}}}
    merged_capabilities([said, said])
    assert said == {"tools": {}, "experimental": {"a": {}}}


def test_capabilities_that_are_no_objects_are_passed_over() -> None:
    assert merged_capabilities([{"tools": None, "prompts": []}, {"tools": {}}]) == {
        "tools": {"listChanged": True}
    }


def test_the_oldest_revision_is_agreed_on_and_instructions_stand_under_their_names() -> None:
    first = Introduction("a", {"protocolVersion": "2025-11-25", "instructions": "Do."})
    second = Introduction("b", {"protocolVersion": "2025-03-26"})
    third = Introduction("c", {"protocolVersion": "2025-06-18", "instructions": "Ask."})
    assert initialize_result([first, second, third], {"tools": {}}, INFO) == {
        "protocolVersion": "2025-03-26",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "merged", "version": "7"},
        "instructions": "# a\n\nDo.\n\n# c\n\nAsk.",
    }


def test_discovery_names_the_revisions_that_all_support_in_their_order() -> None:
    first = Introduction("a", {"supportedVersions": ["3", "2", "1"], "ttlMs": 500})
    second = Introduction("b", {"supportedVersions": ["1", "3"], "ttlMs": 300})
    found = discover_result([first, second], {}, INFO, everyone_answered=True)
    assert found["supportedVersions"] == ["3", "1"]
    assert found["ttlMs"] == 300
    assert found["_meta"] == {
        "io.modelcontextprotocol/serverInfo": {"name": "merged", "version": "7"}
    }
    assert "instructions" not in found


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            [{"ttlMs": 5, "cacheScope": "public"}, {"ttlMs": 9, "cacheScope": "public"}],
            (5, "public"),
        ),
        ([{"ttlMs": 5, "cacheScope": "public"}, {"ttlMs": 9}], (5, "private")),
        ([{"ttlMs": 5}, {"ttlMs": -1}], (0, "private")),
        ([{"ttlMs": 5}, {"ttlMs": True}], (0, "private")),
        ([{"ttlMs": 5}, {}], (0, "private")),
        ([], (0, "private")),
    ],
)
def test_a_merged_result_is_kept_as_the_strictest_part_allows(
    parts: list[dict[str, Any]], expected: tuple[int, str]
) -> None:
    found = caching(parts, everyone_answered=True)
    assert (found["ttlMs"], found["cacheScope"]) == expected


def test_what_a_member_is_missing_from_is_stale_at_once() -> None:
    assert caching([{"ttlMs": 500}], everyone_answered=False)["ttlMs"] == 0
