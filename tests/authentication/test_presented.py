"""The one credential of an RPC, read from metadata with generated input."""

from __future__ import annotations

import string
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcpgrpc_server.authentication.presented import (
    MAX_CREDENTIAL_BYTES,
    CredentialKind,
    MalformedCredentialError,
    bearer_credential,
    presented_credential,
)

SECRET_CHARACTERS: Final = string.ascii_letters + string.digits + "._~+/-"

secrets = st.text(SECRET_CHARACTERS, min_size=1, max_size=200)
tokens = secrets.filter(lambda secret: not secret.startswith("mcpgrpc_"))
keys = secrets.map(lambda secret: f"mcpgrpc_{secret}")
bearers = st.sampled_from(["Bearer", "bearer", "BEARER", "bEaReR"])
other_headers = st.lists(
    st.tuples(st.sampled_from(["cookie", "x-other", "authorization-bin", "x-api-key-bin"]), secrets)
)


@given(tokens, bearers, other_headers)
def test_a_bearer_that_is_no_api_key_is_a_token(
    secret: str, bearer: str, others: list[tuple[str, str]]
) -> None:
    presented = presented_credential([*others, ("authorization", f"{bearer} {secret}")])
    assert presented is not None
    assert (presented.kind, presented.secret) == (CredentialKind.TOKEN, secret)


@given(keys, bearers)
def test_a_bearer_that_begins_as_an_api_key_is_one(key: str, bearer: str) -> None:
    presented = bearer_credential(f"{bearer} {key}")
    assert (presented.kind, presented.secret) == (CredentialKind.API_KEY, key)


@given(secrets)
def test_what_stands_in_x_api_key_is_an_api_key(secret: str) -> None:
    presented = presented_credential([("x-api-key", secret)])
    assert presented is not None
    assert (presented.kind, presented.secret) == (CredentialKind.API_KEY, secret)


@given(other_headers)
def test_other_metadata_presents_nothing(others: list[tuple[str, str]]) -> None:
    assert presented_credential(others) is None


@given(st.lists(st.sampled_from(["authorization", "x-api-key"]), min_size=2, max_size=120), secrets)
def test_two_credentials_are_none(names: list[str], secret: str) -> None:
    values = {"authorization": f"Bearer {secret}", "x-api-key": secret}
    with pytest.raises(MalformedCredentialError, match=f"{len(names)} credentials"):
        presented_credential([(name, values[name]) for name in names])


@given(st.text(max_size=300))
@example("Bearer")
@example("Bearer ")
@example(" Bearer secret")
@example("Bearer secret ")
@example("Bearer a, Bearer b")
@example("Bearer =")
@example("Bearer\u00a0secret")
@example("Bearer secret\n")
@example("Bearer \uff53ecret")
def test_a_value_is_a_whole_credential_or_none(value: str) -> None:
    try:
        presented = bearer_credential(value)
    except MalformedCredentialError:
        return
    scheme, secret = value.split(maxsplit=1)
    assert (scheme.lower(), presented.secret) == ("bearer", secret)
    assert set(secret.rstrip("=")) <= set(SECRET_CHARACTERS)


@given(st.text(st.characters(min_codepoint=0x250), min_size=1, max_size=100))
def test_what_is_no_credential_is_not_shown(value: str) -> None:
    for metadata in ([("authorization", value)], [("authorization", f"Bearer {value}")]):
        with pytest.raises(MalformedCredentialError) as caught:
            presented_credential(metadata)
        assert value not in str(caught.value)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_credential_has_8_kib_at_most(extra: int) -> None:
    secret = "x" * (MAX_CREDENTIAL_BYTES + extra)
    if not extra:
        assert bearer_credential(f"Bearer {secret}").secret == secret
    else:
        with pytest.raises(MalformedCredentialError, match="more than 8192 bytes"):
            bearer_credential(f"Bearer {secret}")


def test_bytes_are_no_credential() -> None:
    with pytest.raises(MalformedCredentialError, match="authorization is not text"):
        presented_credential([("authorization", b"Bearer secret")])


def test_the_repr_of_a_credential_hides_it() -> None:
    assert "t0p-secret" not in repr(bearer_credential("Bearer t0p-secret"))
