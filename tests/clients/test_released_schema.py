"""The schema against the released one: what would break a client built with it is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from tests.clients.languages import ROOT

PROTO = ROOT / "proto"
RELEASED = Path("released") / "mcpgrpc.v1.txtpb"
BUF = Path(sys.executable).with_name("buf")

BREAKING = {
    "a field is removed": (
        "tools_service",
        "optional string arguments_json = 2;",
        "reserved 2;",
    ),
    "a field has another number": (
        "tools_service",
        "optional string arguments_json = 2",
        "optional string arguments_json = 9",
    ),
    "a field has another name": (
        "tools_service",
        "optional string arguments_json = 2",
        "optional string args_json = 2",
    ),
    "a field has another type": ("result", "string result_type = 1", "bytes result_type = 1"),
    "a field is unset no longer": (
        "tools_service",
        "optional bool is_error = 3",
        "bool is_error = 3",
    ),
    "a member leaves its oneof": (
        "content",
        "    string other_json = 15;\n  }",
        "  }\n  string other_json = 15;",
    ),
    "an enum's value is renamed": ("content", "ROLE_ASSISTANT = 2", "ROLE_MODEL = 2"),
    "an enum's value has another number": ("content", "ROLE_ASSISTANT = 2", "ROLE_ASSISTANT = 3"),
    "an RPC answers in a stream": (
        "tools_service",
        "returns (CallToolResponse)",
        "returns (stream CallToolResponse)",
    ),
    "an RPC is renamed": ("tools_service", "rpc CallTool(", "rpc RunTool("),
    "a service is renamed": ("prompts_service", "service PromptsService", "service PromptService"),
    "a package of Go moves": ("content", "clients/go/mcpgrpcv1", "clients/go/v1"),
    "a package of Java moves": ("content", "io.github.mcpgrpc.v1", "com.example.v1"),
    "an RPC without effect has one": (
        "prompts_service",
        "option idempotency_level = NO_SIDE_EFFECTS;",
        "option idempotency_level = IDEMPOTENT;",
    ),
}
ADDED = {
    "a field": (
        "tools_service",
        "optional bool is_error = 3;",
        "optional bool is_error = 3;\n  // New.\n  optional string newer = 4;",
    ),
    "an enum's value": (
        "content",
        "ROLE_ASSISTANT = 2;",
        "ROLE_ASSISTANT = 2;\n  // New.\n  ROLE_SYSTEM = 3;",
    ),
    "a member of a oneof": (
        "content",
        "    string other_json = 15;",
        "    string other_json = 15;\n    // New.\n    TextContent newer = 6;",
    ),
    "an RPC": (
        "tools_service",
        "  rpc CallTool(",
        "  rpc Newer(CallToolRequest) returns (CallToolResponse);\n  // Old.\n  rpc CallTool(",
    ),
}


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(PROTO, tmp_path / "proto"))


def broken(proto: Path) -> str:
    """What breaks the released schema; empty where nothing does."""
    run = subprocess.run(
        [BUF, "breaking", "--against", str(RELEASED)],
        cwd=proto,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert run.returncode in (0, 100), run.stderr
    return run.stdout


def change(proto: Path, file: str, before: str, after: str) -> None:
    path = proto / "mcpgrpc" / "v1" / f"{file}.proto"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_the_schema_breaks_nothing_that_was_released() -> None:
    assert broken(PROTO) == ""


@pytest.mark.parametrize("case", list(BREAKING), ids=list(BREAKING))
def test_a_change_that_breaks_clients_is_found(schema: Path, case: str) -> None:
    file, before, after = BREAKING[case]
    change(schema, file, before, after)
    assert f"{file}.proto" in broken(schema)


@pytest.mark.parametrize("case", list(ADDED), ids=list(ADDED))
def test_an_addition_breaks_nothing(schema: Path, case: str) -> None:
    file, before, after = ADDED[case]
    change(schema, file, before, after)
    assert broken(schema) == ""


def test_the_check_compares_with_the_released_schema() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"RELEASED := {RELEASED.as_posix()}" in recipe
    check = recipe.split("\ncheck:", 1)[1].split("\n\n", 1)[0]
    assert "buf breaking --against $(RELEASED)" in check


def test_the_descriptor_set_has_the_imports_and_the_comments(tmp_path: Path) -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    command = next(line for line in recipe.splitlines() if "--as-file-descriptor-set" in line)
    output = tmp_path / "descriptors.binpb"
    words = command.split("buf ", 1)[1].split(" --output ", 1)[0].split()
    subprocess.run([BUF, *words, "--output", output], cwd=PROTO, check=True, timeout=50)
    files = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file
    names = [file.name for file in files]
    assert "google/protobuf/duration.proto" in names
    assert "mcpgrpc/v1/subscriptions_service.proto" in names
    tools = next(file for file in files if file.name == "mcpgrpc/v1/tools_service.proto")
    assert any(each.leading_comments for each in tools.source_code_info.location)
    # Whoever reads the set meets a file only after its imports.
    for position, file in enumerate(files):
        assert set(file.dependency) <= set(names[:position])
