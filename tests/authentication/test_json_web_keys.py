"""A JSON Web Key Set: what is taken from it, what is passed over, and what is refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc_server.authentication.json_web_keys import (
    MAX_KEYS,
    MAX_SET_BYTES,
    MAX_TRIED_KEYS,
    parse_key_set,
)
from tests.authentication.token_issuer import (
    SigningKey,
    ec_key,
    ed_key,
    every_algorithm,
    key_set,
    rsa_key,
)

ALGORITHMS = tuple(every_algorithm())


@pytest.mark.parametrize("key", ALGORITHMS, ids=lambda key: key.key_id)
def test_a_key_verifies_its_own_algorithm_and_no_other(key: SigningKey) -> None:
    keys = parse_key_set(key_set(key))
    others = {other.algorithm for other in ALGORITHMS} - {key.algorithm}
    assert len(keys.candidates(key.algorithm, key.key_id)) == 1
    assert not any(keys.candidates(other, key.key_id) for other in others)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512", "RS1", "ES256K", ""])
def test_no_key_verifies_an_algorithm_that_is_not_accepted(algorithm: str) -> None:
    keys = parse_key_set(key_set(*ALGORITHMS))
    assert not any(keys.candidates(algorithm, key.key_id) for key in ALGORITHMS)
    assert not keys.candidates(algorithm, None)


def test_a_key_without_an_algorithm_verifies_what_its_type_allows() -> None:
    keys = parse_key_set(key_set(rsa_key().jwk(alg=None), ec_key().jwk(alg=None)))
    assert keys.candidates("RS256", "rsa")
    assert keys.candidates("PS512", "rsa")
    assert not keys.candidates("ES256", "rsa")
    assert keys.candidates("ES256", "ec")
    assert not keys.candidates("ES384", "ec")


@pytest.mark.parametrize(
    "unusable",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "hmac", "alg": "HS256"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "hmac", "alg": "RS256"},
        ec_key().jwk(use="enc"),
        ec_key().jwk(use=["sig"]),
        ec_key().jwk(key_ops=["encrypt"]),
        ec_key().jwk(key_ops="verify"),
        ec_key().jwk(alg="ES384"),
        ec_key().jwk(alg=["ES256"]),
        ec_key().jwk(kid=7),
        ec_key().jwk(crv="secp256k1"),
        ec_key().jwk(crv=None),
        ec_key().jwk(x="AAAA"),
        ec_key().jwk(x=None),
        ec_key().jwk(x=1),
        ec_key().jwk(y="not base64!"),
        ec_key().jwk(kty="EC2"),
        ec_key().jwk(kty=["EC"]),
        ec_key().jwk(kty=None),
        ed_key().jwk(crv="X25519"),
        rsa_key().jwk(n="A" * 5_000),
        rsa_key().jwk(e="AA"),
        rsa_key(bits=1024).jwk(),
        "text",
        None,
        7,
        [],
    ],
    ids=lambda each: None,
)
def test_what_cannot_verify_a_token_is_passed_over(unusable: Any) -> None:
    good = ec_key("good")
    keys = parse_key_set(json.dumps({"keys": [unusable, good.jwk()]}).encode())
    assert len(keys) == 1
    assert keys.candidates("ES256", "good")


def test_a_private_key_in_a_set_is_not_kept() -> None:
    private = rsa_key().private.private_numbers()
    jwk = rsa_key().jwk(d=str(private.d), p="AQAB", q="AQAB")
    (key,) = parse_key_set(key_set(jwk)).candidates("RS256", "rsa")
    assert isinstance(key, RSAPublicKey)


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        (b"", "not JSON|unexpected|Expecting"),
        (b"\xff\xfe", "utf-8"),
        (b"<html>", "JSON|unexpected|Expecting"),
        (b"[]", "no JWKS"),
        (b"{}", "no JWKS"),
        (b'{"keys": {}}', "no JWKS"),
        (b'{"keys": []}', "none of its keys"),
        (b"[" * 100_000, "nest"),
        (b'{"keys": [' + b"[" * 50 + b"]" * 50 + b"]}", "nest"),
    ],
    ids=lambda each: None,
)
def test_what_is_no_key_set_is_refused_with_the_reason(contents: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_key_set(contents)


MEMBERS = st.dictionaries(
    st.sampled_from(["kty", "crv", "n", "e", "x", "y", "use", "alg", "kid", "key_ops"]),
    st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "AQAB", "sig", "ES256"])
    | st.text()
    | st.integers()
    | st.lists(st.text()),
)


@given(st.lists(MEMBERS))
def test_no_key_does_anything_but_be_passed_over(jwks: list[dict[str, Any]]) -> None:
    keys = parse_key_set(json.dumps({"keys": [*jwks, ec_key().jwk()]}).encode())
    assert keys.candidates("ES256", "ec")


@given(st.binary() | st.text().map(str.encode))
def test_no_contents_do_anything_but_be_refused(contents: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_key_set(contents)


def test_a_set_of_a_million_keys_is_refused_at_once() -> None:
    tiny = b'{"kty":"EC"},'
    began = time.perf_counter()
    with pytest.raises(ValueError, match=f"more than {MAX_SET_BYTES} bytes"):
        parse_key_set(b'{"keys":[' + tiny * 1_000_000 + b"{}]}")
    with pytest.raises(ValueError, match=f"more than {MAX_KEYS} keys"):
        parse_key_set(b'{"keys":[' + tiny * 80_000 + b"{}]}")
    # Four orders of magnitude above what it takes; a set that is read whole takes longer.
    assert time.perf_counter() - began < 5


def test_a_token_is_tried_with_the_keys_of_its_id_alone() -> None:
    first, second = ec_key("first"), ec_key("second")
    keys = parse_key_set(key_set(first, second, ec_key(None)))
    assert keys.has("first")
    assert keys.candidates("ES256", "first") != keys.candidates("ES256", "second")
    assert len(keys.candidates("ES256", "first")) == 1


def test_a_token_of_an_unknown_id_is_tried_with_keys_that_have_none() -> None:
    keys = parse_key_set(key_set(ec_key("named"), ec_key(None)))
    assert not keys.has("other")
    assert len(keys.candidates("ES256", "other")) == 1
    assert keys.candidates("ES256", "other") != keys.candidates("ES256", "named")


def test_a_token_without_an_id_is_tried_with_a_bounded_number_of_keys() -> None:
    keys = parse_key_set(key_set(*(ec_key(f"key-{number}") for number in range(20))))
    assert not keys.has(None)
    assert len(keys.candidates("ES256", None)) == MAX_TRIED_KEYS
    assert not keys.candidates("RS256", None)
