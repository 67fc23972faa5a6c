"""The packages of every language: one version, one licence, and what they say that they need."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.clients.languages import ROOT
from tests.docs.documents import document

CLIENTS = ROOT / "clients"
REPOSITORY = "https://github.com/mcpgrpc/mcpgrpc"


def toml(path: str) -> Any:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


def pom(path: str) -> str:
    """The text of an element of Java's manifest."""
    root = ET.parse(CLIENTS / "java" / "pom.xml").getroot()
    space = root.tag.removesuffix("project")
    return root.findtext("/".join(f"{space}{step}" for step in path.split("/"))) or ""


def npm() -> Any:
    return json.loads((CLIENTS / "typescript" / "package.json").read_text(encoding="utf-8"))


def needs() -> dict[str, tuple[str, str]]:
    """The package and the version that the table of the clients says, by language."""
    rows = document("clients/README.md").table("## Packages")
    return {row[0]: (row[1].strip("`"), row[2]) for row in rows}


def test_every_package_has_the_projects_version() -> None:
    version = toml("pyproject.toml")["project"]["version"]
    found = {
        "java": pom("version"),
        "rust": toml("clients/rust/Cargo.toml")["package"]["version"],
        "typescript": npm()["version"],
    }
    assert found == dict.fromkeys(found, version)


def test_every_package_has_the_projects_licence_and_repository() -> None:
    rust = toml("clients/rust/Cargo.toml")["package"]
    licences = [pom("licenses/license/name"), rust["license"], npm()["license"]]
    assert licences == [toml("pyproject.toml")["project"]["license"]] * 3
    for said in (pom("scm/url"), rust["repository"], npm()["repository"]["url"]):
        assert REPOSITORY in said


def versions() -> dict[str, tuple[str, str]]:
    go = (CLIENTS / "go" / "go.mod").read_text(encoding="utf-8")
    (module,) = re.findall(r"^module (\S+)$", go, re.MULTILINE)
    (go_version,) = re.findall(r"^go (\d+\.\d+)", go, re.MULTILINE)
    rust = toml("clients/rust/Cargo.toml")["package"]
    python = toml("pyproject.toml")["project"]
    return {
        "Go": (module, f"Go {go_version}"),
        "TypeScript": (npm()["name"], f"Node {npm()['engines']['node'].removeprefix('>=')}"),
        "Java": (
            f"{pom('groupId')}:{pom('artifactId')}",
            f"Java {pom('properties/maven.compiler.release')}",
        ),
        "Rust": (rust["name"], f"Rust {rust['rust-version']}"),
        "Python": (python["name"], f"Python {python['requires-python'].removeprefix('>=')}"),
    }


@pytest.mark.parametrize("language", ["Go", "TypeScript", "Java", "Rust", "Python"])
def test_the_table_names_the_package_and_what_it_needs(language: str) -> None:
    assert needs()[language] == versions()[language]
