"""The image: the Dockerfile's rules, and its root file system as an unprivileged, read-only pod."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import mcpgrpc
from tests.interop.conftest import run
from tests.interop.programs import required
from tests.mesh.image import DEPLOY, ROOT, build, may_mount, sealed

APP = ROOT / "examples" / "greeting.py"
SECONDS = 30.0
USER = "65532"
MIB = 1024 * 1024
MAX_MIB = 260

pytestmark = pytest.mark.timeout(400)

DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LINES = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tree, built once, and the folders that others must be able to pass to it."""
    folder = tmp_path_factory.mktemp("image")
    yield build(folder, APP)
    shutil.rmtree(folder)


def told(word: str) -> list[str]:
    return [line.split(maxsplit=1)[1] for line in LINES if line.split()[0] == word]


def test_every_stage_begins_with_a_version_that_is_pinned() -> None:
    (python,) = (line.partition("=")[2] for line in told("ARG") if "_IMAGE=" in line)
    assert re.fullmatch(r"\S+:\d+\.\d+\.\d+-\S+|\S+@sha256:[0-9a-f]{64}", python)
    bases = [line.split()[0] for line in told("FROM")]
    assert set(bases) == {"${PYTHON_IMAGE}", "scratch"}
    assert bases[-1] == "scratch"


def test_the_last_stage_runs_as_a_number_and_has_nothing_to_run_but_the_command() -> None:
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert not re.search(r"^(RUN|ADD|SHELL|HEALTHCHECK)", last, re.MULTILINE)
    assert told("USER") == [f"{USER}:{USER}"]
    assert told("ENTRYPOINT") == ['["mcpgrpc"]']
    assert not told("ADD")
    assert not re.search(r"(?i)(token|password|secret)=", DOCKERFILE)


def test_what_the_build_copies_is_there() -> None:
    for line in told("COPY"):
        words = [word for word in line.split() if not word.startswith("--")]
        if "--from" not in line and not words[0].startswith("$"):
            for source in words[:-1]:
                assert (ROOT / source).exists(), source


def test_there_is_no_shell_and_nothing_that_a_user_could_write(tree: Path) -> None:
    names = {path.name for path in tree.rglob("*")}
    assert not names & {"sh", "bash", "busybox", "pip", "apt", "perl"}
    for path in tree.rglob("*"):
        if not path.is_symlink():
            assert not path.stat().st_mode & 0o022, path
            assert path.stat().st_mode & 0o004, path
    size = sum(path.lstat().st_size for path in tree.rglob("*"))
    assert size < MAX_MIB * MIB


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


async def test_it_serves_answers_probes_and_drains_as_nobody_on_a_tree_it_cannot_write(
    tree: Path, tmp_path: Path
) -> None:
    if not may_mount():
        reason = "a mount namespace needs root"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    settings = tmp_path / "settings"
    settings.mkdir()
    listen, health = (f"127.0.0.1:{free_port()}" for _ in range(2))
    told = f'listen = ["{listen}"]\nhealth = "{health}"\ndrain_pause_seconds = 0\n'
    (settings / "mcpgrpc.toml").write_text(told, encoding="utf-8")
    words = ["mcpgrpc", "serve", "/app/app.py", "--config", "/etc/mcpgrpc/mcpgrpc.toml"]
    async with sealed(tree, settings, words, tmp_path / "log") as container:
        await container.says(b"answers over gRPC")
        status = container.status
        assert re.search(rf"^Uid:\s+{USER}\s+{USER}\s", status, re.MULTILINE)
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
        probe = [required("grpc-health-probe"), f"-addr={health}", "-service=readiness"]
        assert (await run(probe, environment={})).code == 0
        async with mcpgrpc.Client(listen) as client:
            called = await client.call_tool("greet", {"name": "Ada"}, timeout=SECONDS)
            assert called.structured_content == {"result": "Hello, Ada!"}
        container.process.send_signal(signal.SIGTERM)
        assert await container.ended() == 0
        assert (await run(probe, environment={})).code != 0


async def test_what_runs_there_can_write_to_tmp_alone(tree: Path, tmp_path: Path) -> None:
    if not may_mount():
        reason = "a mount namespace needs root"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    program = (
        "import os\n"
        "def writable(path):\n"
        "    try: open(path + '/new', 'w').close()\n"
        "    except OSError as error: return type(error).__name__\n"
        "    return 'written'\n"
        "print(*(writable(path) for path in ('/', '/app', '/etc', '/usr/local/bin', '/tmp')))\n"
    )
    words = ["python3", "-c", program]
    async with sealed(tree, tmp_path, words, tmp_path / "log") as container:
        await container.says(b"written")
        assert await container.ended() == 0
    said = (tmp_path / "log").read_text(encoding="utf-8").split()
    assert said == ["OSError"] * 4 + ["written"]
