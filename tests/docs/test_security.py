"""docs/security.md shows a test for every threat, and its policy is one."""

from __future__ import annotations

import ast
import re

import pytest

from mcpgrpc_server.rights.policy import parse_policy
from tests.docs.documents import ROOT, document

SECURITY = document("docs/security.md")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SECURITY.text)))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, functions)}


def test_every_threat_names_a_test() -> None:
    rows = SECURITY.table("## Who attacks from where")
    assert len(rows) > 10
    assert [row[0] for row in rows if "::test_" not in row[2]] == []


def test_the_policy_that_is_shown_is_one() -> None:
    (shown,) = (block.text for block in SECURITY.blocks if "[[rules]]" in block.text)
    assert len(parse_policy(shown.encode()).rules) == 3
