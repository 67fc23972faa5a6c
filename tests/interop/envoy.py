"""Envoy with the configuration that the project ships, in front of a server of the test.

It changes addresses and the place of the descriptors in it, and nothing else.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from tests.conformance.processes import started
from tests.interop.programs import required

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "deploy" / "envoy" / "transcoder.yaml"
DESCRIPTORS = "build/descriptors.binpb"
BUF = Path(sys.executable).with_name("buf")
ADMIN = """
admin:
  address:
    socket_address: {address: 127.0.0.1, port_value: 0}
"""
ASK_SECONDS = 20


def descriptor_set(folder: Path) -> Path:
    """The set that `make descriptors` writes, in a folder of the test's own."""
    path = folder / "descriptors.binpb"
    command = [str(BUF), "build", "--as-file-descriptor-set", "--output", str(path)]
    subprocess.run(command, cwd=ROOT / "proto", check=True, timeout=60)
    errors = [sys.executable, str(ROOT / "scripts" / "describe_errors.py")]
    with path.open("ab") as file:
        subprocess.run(errors, stdout=file, check=True, timeout=60)
    return path


def configured(address: str, descriptors: Path) -> str:
    """The configuration with a server's address, a free port and the descriptors' own place."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    changes = {
        "port_value: 50051}": f"port_value: {address.rpartition(':')[2]}}}",
        "port_value: 8081}": "port_value: 0}",
        f"proto_descriptor: {DESCRIPTORS}": f"proto_descriptor: {descriptors}",
    }
    for shown, there in changes.items():
        assert text.count(shown) == 1, shown
        text = text.replace(shown, there)
    return text + ADMIN


@asynccontextmanager
async def envoy_before(address: str, folder: Path) -> AsyncIterator[str]:
    """Run Envoy in front of a server; gives the `HOST:PORT` that it listens on."""
    configuration, admin = folder / "envoy.yaml", folder / "admin.txt"
    configuration.write_text(configured(address, descriptor_set(folder)), encoding="utf-8")
    command = [required("envoy"), "--config-path", str(configuration), "--use-dynamic-base-id"]
    command += ["--concurrency", "1", "--admin-address-path", str(admin)]
    async with started(
        command, r"all dependencies initialized\. (starting) workers", folder / "log"
    ):
        yield await _listening(admin.read_text(encoding="utf-8"))


async def _listening(admin: str) -> str:
    async with httpx2.AsyncClient(timeout=ASK_SECONDS) as client:
        answer = await client.get(f"http://{admin}/listeners", params={"format": "json"})
    (status,) = answer.json()["listener_statuses"]
    place = status["local_address"]["socket_address"]
    return f"{place['address']}:{place['port_value']}"
