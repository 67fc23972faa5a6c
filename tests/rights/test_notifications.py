"""Notifications under a policy: what no rule gives its sender reaches no handler."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpgrpc_server import Server, ServerSettings
from tests.authentication.every_method import NOTIFICATIONS, EveryMethod, notifications
from tests.authentication.served import Peer, bearer
from tests.rights.app import TokenIsSubject

EXTENSION = "notifications/com.example"
OF_MCP = sorted(set(NOTIFICATIONS) - {EXTENSION})


@pytest.mark.parametrize(
    ("rule", "heard"),
    [
        ('tools = ["a"]', OF_MCP),
        ('methods = ["tools/list"]', OF_MCP),
        (f'methods = ["{EXTENSION}"]', sorted(NOTIFICATIONS)),
        ('methods = ["notifications/*"]', sorted(NOTIFICATIONS)),
        ('methods = ["*"]', sorted(NOTIFICATIONS)),
    ],
    ids=["names", "another method", "the method", "a pattern", "all"],
)
async def test_whom_a_rule_fits_says_what_mcp_has_and_what_the_rule_names(
    tmp_path: Path, rule: str, heard: list[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(f'[[rules]]\nsubjects = ["jwt:alice"]\n{rule}\n')
    app = EveryMethod()
    told = ServerSettings(listen=["127.0.0.1:0"], policy=str(policy))
    async with (
        Server(app, settings=told, interceptors=[TokenIsSubject()]) as server,
        Peer(server.addresses[0]) as peer,
    ):
        for subject, expected in (("bob", []), ("alice", heard)):
            session = peer.session(bearer(subject))
            await session.next("settings")
            await session.send(*notifications())
            await session.half_close()
            assert (await session.ending()).details == ""
            assert sorted(app.heard) == expected
