"""Which files can secure a listener, and what is said of those that cannot."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mcpgrpc_server.transport_security.tls_files import TlsFiles, TlsFilesError
from tests.transport_security.authority import DAY, FilingAuthority, Pair


@pytest.fixture
def authority(tmp_path: Path) -> FilingAuthority:
    return FilingAuthority(tmp_path)


def refusal(pair: Pair, client_ca: Path | None = None) -> str:
    with pytest.raises(TlsFilesError) as refused:
        TlsFiles(pair.certificate, pair.key, client_ca).read()
    return str(refused.value)


def test_a_certificate_and_its_key_are_good(authority: FilingAuthority) -> None:
    pair = authority.issue("server")
    material = TlsFiles(pair.certificate, pair.key, authority.certificate).read()
    assert material.certificate_chain == pair.certificate.read_bytes()
    assert material.client_ca == authority.certificate.read_bytes()


def test_the_key_is_never_shown(authority: FilingAuthority) -> None:
    pair = authority.issue("server")
    assert "PRIVATE" not in repr(TlsFiles(pair.certificate, pair.key).read())


def test_a_key_of_another_certificate_is_refused(authority: FilingAuthority) -> None:
    pair, other = authority.issue("server"), authority.issue("other")
    said = refusal(Pair(pair.certificate, other.key))
    assert said == f"the key in {other.key} is not that of the certificate in {pair.certificate}"


def test_an_expired_certificate_is_refused_with_its_end(authority: FilingAuthority) -> None:
    pair = authority.issue("server", begins=-2 * DAY, ends=-timedelta(minutes=1))
    assert f"the certificate in {pair.certificate} expired at 2" in refusal(pair)


def test_a_certificate_of_tomorrow_is_refused(authority: FilingAuthority) -> None:
    pair = authority.issue("server", begins=timedelta(hours=1))
    assert "counts from 2" in refusal(pair)


def test_a_missing_file_is_named(authority: FilingAuthority, tmp_path: Path) -> None:
    pair, missing = authority.issue("server"), tmp_path / "missing.pem"
    assert refusal(Pair(missing, pair.key)) == f"cannot read {missing}: no such file or directory"
    assert refusal(Pair(pair.certificate, missing)).startswith(f"cannot read {missing}")
    assert refusal(pair, missing).startswith(f"cannot read {missing}")


def test_what_is_no_certificate_is_refused(authority: FilingAuthority, tmp_path: Path) -> None:
    pair, text = authority.issue("server"), tmp_path / "text.pem"
    text.write_text("hello")
    assert refusal(Pair(text, pair.key)) == f"there is no PEM certificate in {text}"
    assert refusal(Pair(pair.certificate, text)) == f"there is no PEM private key in {text}"
    assert refusal(pair, text) == f"there is no PEM certificate in {text}"


def test_an_encrypted_key_is_refused_with_what_to_do(authority: FilingAuthority) -> None:
    pair = authority.issue("server", password=b"passphrase")
    assert refusal(pair) == f"the key in {pair.key} is encrypted; decrypt it"


def test_a_file_without_end_is_refused(authority: FilingAuthority) -> None:
    pair = authority.issue("server")
    assert "more than" in refusal(Pair(Path("/dev/zero"), pair.key))


def test_a_bundle_with_one_root_of_today_is_enough(
    authority: FilingAuthority, tmp_path: Path
) -> None:
    old = authority.issue("old", begins=-2 * DAY, ends=-DAY)
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(old.certificate.read_bytes() + authority.certificate.read_bytes())
    pair = authority.issue("server")
    TlsFiles(pair.certificate, pair.key, bundle).read()
    assert "expired" in refusal(pair, old.certificate)
