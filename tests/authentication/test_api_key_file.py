"""The file of API keys, as commands write it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mcpgrpc_server.authentication.api_key_file import (
    ApiKeyFileError,
    change_api_keys,
    read_api_keys,
    time_text,
)
from mcpgrpc_server.authentication.api_keys import MAX_KEYS, ApiKey, new_api_key

NEVER: datetime | None = None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


def made(name: str = "billing", expires_at: datetime | None = NEVER) -> ApiKey:
    return new_api_key(name, frozenset({"b", "a:b"}), expires_at)[1]


def add(path: Path, *kept: ApiKey) -> None:
    change_api_keys(path, lambda keys: keys.update({key.id: key for key in kept}))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read(path: Path) -> None:
    ending = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    first, second = made(), made("other", ending)
    add(path, first)
    add(path, second)
    assert read_api_keys(path) == {first.id: first, second.id: second}


def test_a_new_file_is_for_its_owner_alone(path: Path) -> None:
    add(path, made())
    assert mode_of(path) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(("before", "after"), [(0o640, 0o640), (0o644, 0o640), (0o666, 0o660)])
def test_a_file_keeps_its_rights_but_for_those_of_everybody(
    path: Path, before: int, after: int
) -> None:
    add(path, made())
    path.chmod(before)
    add(path, made())
    assert mode_of(path) == after


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    add(target, made())
    path.symlink_to(target)
    add(path, made())
    assert path.is_symlink()
    assert len(read_api_keys(target)) == 2


def test_a_file_without_keys_is_still_one_that_a_server_takes(path: Path) -> None:
    add(path, made())
    change_api_keys(path, dict.clear)
    assert read_api_keys(path) == {}
    assert path.read_text().startswith("#")


def test_a_change_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    add(path, made())
    before = path.read_bytes()

    def fail(keys: dict[str, ApiKey]) -> None:
        keys.clear()
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        change_api_keys(path, fail)
    assert path.read_bytes() == before
    add(path, made())


def test_a_second_change_at_once_is_refused_and_loses_nothing(path: Path) -> None:
    kept = made()

    def change(keys: dict[str, ApiKey]) -> None:
        with pytest.raises(ApiKeyFileError, match="is being changed by another command"):
            add(path, made())
        keys[kept.id] = kept

    change_api_keys(path, change)
    assert read_api_keys(path) == {kept.id: kept}


def test_a_file_that_is_not_one_of_keys_is_not_overwritten(path: Path) -> None:
    path.write_text("important = true\n")
    with pytest.raises(
        ApiKeyFileError, match=r"cannot use the API keys in .*: unknown 'important'"
    ):
        add(path, made())
    assert path.read_text() == "important = true\n"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_more_keys_than_a_server_takes_are_refused(path: Path) -> None:
    with pytest.raises(ApiKeyFileError, match=f"{MAX_KEYS} keys"):
        add(path, *(made() for _ in range(MAX_KEYS + 1)))
    assert not path.exists()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "nothing" / "keys.toml"
    with pytest.raises(ApiKeyFileError, match=rf"cannot write {path}: No such file"):
        add(path, made())
    with pytest.raises(ApiKeyFileError, match=rf"cannot read the API keys in {path}: No such file"):
        read_api_keys(path)


def test_times_are_written_in_utc() -> None:
    assert time_text(datetime.fromisoformat("2026-07-28T12:00:00+02:00")) == "2026-07-28T10:00:00Z"
