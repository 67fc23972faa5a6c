"""Keys in a file: read again when it changes, and refused when it holds none."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpgrpc_server.authentication.jwks_source import KeyFile
from mcpgrpc_server.watched_file import WatchedFileError
from tests.authentication.token_issuer import ec_key, key_set

OLD = key_set(ec_key("old"))
NEW = key_set(ec_key("new"))


async def test_a_file_of_keys_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(OLD)
    keys = KeyFile(str(path), interval_seconds=0)
    keys.prefetch()
    seen = await keys.current()
    assert seen.has("old")
    assert await keys.newer_than(seen) is seen
    path.write_bytes(NEW)
    assert (await keys.newer_than(seen)).has("new")
    await keys.close()


async def test_a_broken_file_of_keys_leaves_those_before_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(OLD)
    keys = KeyFile(str(path), interval_seconds=0)
    path.write_bytes(b'{"keys": "none"}')
    assert (await keys.current()).has("old")
    assert "no JWKS" in caplog.text


@pytest.mark.parametrize("contents", [None, b"{}", b'{"keys":[' + b'{"kty":"EC"},' * 200_000])
def test_a_file_that_holds_no_keys_is_refused_with_the_reason(
    tmp_path: Path, contents: bytes | None
) -> None:
    path = tmp_path / "jwks.json"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(WatchedFileError, match=r"cannot use the JSON Web Key Set in .*jwks"):
        KeyFile(str(path))
