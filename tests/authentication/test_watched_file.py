"""A file that is read again when it changes."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from mcpgrpc_server.watched_file import MAX_FILE_BYTES, WatchedFile, WatchedFileError

BROKEN = b"broken"


def parse(contents: bytes) -> str:
    if contents == BROKEN:
        raise ValueError("it is broken\nin line 2")
    return contents.decode()


def watched(path: Path, *, interval_seconds: float = 0, careful: bool = False) -> WatchedFile[str]:
    return WatchedFile(
        path,
        parse,
        what="test file",
        interval_seconds=interval_seconds,
        warn_readable_by_others=careful,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"first")
    path.chmod(0o600)
    return path


def replace(path: Path, contents: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(contents)
    draft.replace(path)


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(path: Path) -> None:
    file = watched(path)
    assert (file.value, file.generation) == ("first", 1)
    replace(path, b"second")
    assert (file.value, file.value, file.generation) == ("second", "second", 2)


def test_a_file_that_is_written_in_place_is_read_again(path: Path) -> None:
    file = watched(path)
    path.write_bytes(b"in place, and longer")
    assert file.value == "in place, and longer"


def test_the_swap_of_a_link_counts_as_when_kubernetes_renews_a_volume(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(name.encode())
    data = tmp_path / "..data"
    data.symlink_to("one")
    mounted = tmp_path / "file"
    mounted.symlink_to("..data/file")
    file = watched(mounted)
    assert file.value == "one"
    swapped = tmp_path / "..data_tmp"
    swapped.symlink_to("two")
    swapped.replace(data)
    assert file.value == "two"


def test_a_file_is_looked_at_no_more_often_than_its_interval(path: Path) -> None:
    file = watched(path, interval_seconds=3_600)
    replace(path, b"second")
    assert file.value == "first"


@pytest.mark.parametrize("broken", [BROKEN, b"", b"  \n", b"x" * (MAX_FILE_BYTES + 1)])
def test_a_broken_version_leaves_the_one_before_in_force_and_is_told_once(
    path: Path, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = watched(path)
    replace(path, broken)
    assert [file.value for _ in range(3)] == ["first"] * 3
    (told,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert str(path) in told.message
    assert told.message.endswith("the version before it stays in force")
    assert "\n" not in told.message
    replace(path, b"mended")
    assert (file.value, file.generation) == ("mended", 2)


def test_a_file_that_goes_away_stays_in_force_until_it_is_back(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = watched(path)
    path.unlink()
    assert [file.value for _ in range(3)] == ["first"] * 3
    assert caplog.text.count("No such file or directory") == 1
    path.write_bytes(b"back")
    assert file.value == "back"


@pytest.mark.parametrize(
    ("contents", "why"),
    [(None, "No such file"), (BROKEN, "it is broken in line 2"), (b"", "it is empty")],
)
def test_a_file_that_cannot_be_used_is_refused_at_first_with_the_reason(
    tmp_path: Path, contents: bytes | None, why: str
) -> None:
    path = tmp_path / "file"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(WatchedFileError, match=rf"cannot use the test file in {path}: .*{why}"):
        watched(path)


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(WatchedFileError, match="it is not a regular file"):
            watched(path)


@pytest.mark.parametrize(("mode", "warnings"), [(0o600, 0), (0o640, 0), (0o604, 1), (0o644, 1)])
def test_a_secret_that_everybody_may_read_is_warned_of(
    path: Path, caplog: pytest.LogCaptureFixture, mode: int, warnings: int
) -> None:
    path.chmod(mode)
    watched(path, careful=True)
    assert caplog.text.count("every user can read the test file") == warnings
    watched(path)
    assert caplog.text.count("every user can read the test file") == warnings
