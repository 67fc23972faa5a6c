"""Names as the system resolves them: `dns:///`, through a hosts file of the test's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mcpgrpc.balancing.resolving import MAX_RESOLVING_THREADS, SystemResolver
from tests.balancing.replicas import MAX_SECONDS, PORT, Replicas

USER = """
import asyncio, sys

from mcpgrpc import BalancingConfig, Client


async def main() -> None:
    config = BalancingConfig(resolve_interval_seconds=0.2)
    async with Client(sys.argv[1], mode="2026-07-28", balancing=config) as client:
        seen: set[str] = set()
        while len(seen) < 2:
            result = await client.call_tool("count", {"call": "a"})
            seen.add(result.structured_content["result"])
        hosts = open("/etc/hosts").read()
        with open("/etc/hosts", "a") as file:
            file.write(sys.argv[2] + " tools.mcpgrpc.example\\n")
        while len(seen) < 3:
            result = await client.call_tool("count", {"call": "b"})
            seen.add(result.structured_content["result"])
        print(*sorted(seen))


asyncio.run(asyncio.wait_for(main(), 30))
"""


def can_unshare() -> bool:
    """Whether this process may have mounts of its own."""
    tool = shutil.which("unshare")
    return (
        tool is not None
        and not subprocess.run(
            [tool, "--mount", "true"], check=False, capture_output=True
        ).returncode
    )


@pytest.mark.skipif(
    not can_unshare() and not os.environ.get("CI"), reason="mounts of one's own are not permitted"
)
async def test_dns_names_are_resolved_by_the_system_and_again_when_it_says_something_else(
    replicas: Replicas, tmp_path: Path
) -> None:
    addresses = await replicas.start(1, 2, 3)
    hosts = tmp_path / "hosts"
    known = "".join(f"{each.split(':')[0]} tools.mcpgrpc.example\n" for each in addresses[:2])
    hosts.write_text(f"127.0.0.1 localhost\n{known}")
    script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--mount", "sh", "-c", script, "sh", str(hosts)),
        *(sys.executable, "-c", USER, f"dns:///tools.mcpgrpc.example:{PORT}"),
        addresses[2].split(":")[0],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(MAX_SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert out.decode().split() == sorted(addresses), err.decode()


async def test_an_address_is_its_own_answer() -> None:
    resolver = SystemResolver()
    assert await resolver.resolve("127.0.0.2", 5) == ["127.0.0.2:5"]
    assert await resolver.resolve("::1", 5) == ["[::1]:5"]


async def test_a_name_that_hangs_is_asked_for_once_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    release = threading.Event()
    real = socket.getaddrinfo

    def look_up(host: str, port: int, **options: int) -> object:
        asked.append(host)
        if host == "slow.example":
            release.wait(MAX_SECONDS)
        return real("127.0.0.1", port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = SystemResolver()
    try:
        async with asyncio.timeout(MAX_SECONDS):
            waiting = [
                asyncio.create_task(resolver.resolve("slow.example", 1))
                for _ in range(2 * MAX_RESOLVING_THREADS)
            ]
            assert await resolver.resolve("quick.example", 1) == ["127.0.0.1:1"]
            waiting[0].cancel()
            release.set()
            assert await asyncio.gather(*waiting[1:]) == [["127.0.0.1:1"]] * (len(waiting) - 1)
    finally:
        release.set()
    assert sorted(asked) == ["quick.example", "slow.example"]
