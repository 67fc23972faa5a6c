"""`mcpgrpc policy check`: a decision and its reason, and the exit code that scripts ask for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpgrpc.cli.main import main

POLICY = """
[[rules]]
subjects = ["jwt:alice"]
tools = ["search"]
resources = ["docs:///*"]

[[rules]]
scopes = ["mcp:prompts"]
prompts = ["*"]
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    return str(path)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["--subject", "jwt:alice", "--tool", "search"],
            0,
            "allowed: rule 1 gives tools/call for tools search",
        ),
        (
            ["--subject", "jwt:alice", "--tool", "restart"],
            1,
            "hidden: no rule gives the tool 'restart' to jwt:alice for tools/call",
        ),
        (
            ["--subject", "jwt:alice", "--resource", "docs:///../x"],
            1,
            "hidden: no rule gives the resource 'docs:///../x' to jwt:alice for resources/read",
        ),
        (
            ["--subject", "jwt:bob", "--prompt", "greet"],
            1,
            "forbidden: the scope mcp:prompts is needed for prompts/get",
        ),
        (
            ["--subject", "jwt:bob", "--scope", "mcp:prompts", "--prompt", "greet"],
            0,
            "allowed: rule 2 gives prompts/get for prompts *",
        ),
        (
            ["--method", "tools/list"],
            1,
            "forbidden: no rule gives tools/list to anonymous",
        ),
    ],
)
def test_a_decision_names_the_rule(
    policy: str, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "check", policy, *words]) == code
    assert capsys.readouterr().out.strip() == said


def test_a_decision_as_json(policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", policy, "--tool", "x", "--output", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "forbidden"


def test_without_a_question_the_file_is_checked(
    policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "check", policy]) == 0
    assert "can be used" in capsys.readouterr().out
    Path(policy).write_text("[[rules]]\ntoolz = []\n")
    assert main(["policy", "check", policy]) == 1
    assert "rule 1: 'toolz' means nothing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--subject", "alice"],
        ["--subject", "anonymous:x"],
        ["--subject", "jwt:"],
        ["--tool", "a", "--prompt", "b"],
        ["--output", "yaml"],
    ],
)
def test_what_is_used_wrongly_is_said_in_one_line(
    policy: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "check", policy, *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(tmp_path / "none.toml")]) == 2
    assert "no such file" in capsys.readouterr().err
