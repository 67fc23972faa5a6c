"""Access tokens: which are the issuer's, which are not, and what that is told by."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
from collections.abc import Iterable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc_server.authentication.compact_tokens import MAX_JSON_DEPTH, read_token
from mcpgrpc_server.authentication.json_web_keys import parse_key_set
from mcpgrpc_server.authentication.json_web_tokens import TokenVerifier
from mcpgrpc_server.authentication.jwks_source import KeysUnavailableError
from mcpgrpc_server.authentication.presented import MAX_CREDENTIAL_BYTES
from mcpgrpc_server.identity import IdentityKind, NotProvenError
from tests.authentication.token_issuer import (
    SigningKey,
    claims,
    compact,
    ec_key,
    ed_key,
    encoded,
    every_algorithm,
    key_set,
    rsa_key,
)
from tests.authentication.verifying import Clock, Keys, hmac_by, refusal, verifier_of

KEY = ec_key()
OTHER = SigningKey("ec", "ES256", ec_key("a stranger's").private)
"""Somebody else's key under the same id."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys() -> Keys:
    return Keys(KEY)


@pytest.fixture
def verifier(keys: Keys, clock: Clock) -> TokenVerifier:
    return verifier_of(keys, clock)


@pytest.mark.parametrize("key", tuple(every_algorithm()), ids=lambda key: key.key_id)
async def test_a_token_of_every_accepted_algorithm_proves_its_subject(key: SigningKey) -> None:
    identity = await verifier_of(Keys(key)).verify(key.token())
    assert (identity.subject, identity.kind) == ("alice", IdentityKind.JWT)


def bits_flipped(token: str, part: int) -> str:
    parts = token.split(".")
    first = "B" if parts[part][3] == "A" else "A"
    parts[part] = parts[part][:3] + first + parts[part][4:]
    return ".".join(parts)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (OTHER.token(), "signature is not valid"),
        (KEY.token()[:-4], "signature"),
        (KEY.token()[:-43], "signature"),
        (bits_flipped(KEY.token(), 2), "signature is not valid"),
        (KEY.token().rsplit(".", 1)[0] + ".", "signature is malformed"),
        (KEY.token() + "A", "signature is not valid"),
        (KEY.token() + "====", "signature is malformed"),
        (KEY.token()[:-1] + "!", "signature is malformed"),
        (KEY.token().rsplit(".", 1)[0], "no JWT"),
        (KEY.token() + ".AAAA.AAAA", "no JWT"),
        ("", "no JWT"),
        ("..", "signature is malformed|header is malformed"),
        ("a.b.c", "malformed"),
        ("not a token", "no JWT"),
        (compact("text", claims(), KEY.sign), "header is malformed"),
        (compact("[]", claims(), KEY.sign), "header is malformed"),
        (compact("null", claims(), KEY.sign), "header is malformed"),
        (compact("{}", claims(), KEY.sign), "algorithm"),
        (KEY.token('{"alg":"ES256","kid":"ec","alg":"ES256"}'), "header is malformed"),
        (KEY.token('{"alg":"ES256","kid":"ec","x":NaN}'), "header is malformed"),
        (KEY.token('{"alg":"ES256","kid":"ec"} {}'), "header is malformed"),
        (compact({"alg": "ES256", "kid": "ec"}, "[]", KEY.sign), "payload is malformed"),
        (compact({"alg": "ES256", "kid": "ec"}, "{", KEY.sign), "payload is malformed"),
        (KEY.token('{"alg":"ES256","kid":"ec","x":' + "[" * 900 + "]" * 900 + "}"), "deeper"),
        (compact({"alg": "ES256"}, '{"a":' * 900 + "1" + "}" * 900, KEY.sign), "deeper"),
        (compact({"alg": "ES256"}, "[" * 5_000, KEY.sign), "deeper"),
        (KEY.token({"alg": "none"}), "algorithm"),
        (KEY.token({"alg": "None"}), "algorithm"),
        (KEY.token({"alg": "HS256"}), "algorithm"),
        (KEY.token({"alg": "es256"}), "algorithm"),
        (KEY.token({"alg": "ES256K"}), "algorithm"),
        (KEY.token({"alg": ["ES256"]}), "algorithm"),
        (KEY.token({"alg": None}), "algorithm"),
        (KEY.token({"kid": 7}), "kid"),
        (KEY.token({"typ": "logout+jwt"}), "typ"),
        (KEY.token({"typ": "dpop+jwt"}), "typ"),
        (KEY.token({"typ": 7}), "typ"),
        (KEY.token({"crit": ["exp"], "exp": 1}), "crit"),
        (KEY.token({"crit": []}), "crit"),
        (KEY.token({"b64": False}), "crit"),
        (KEY.token({"jku": "https://evil.test/jwks"}), "jku"),
        (KEY.token({"x5u": "https://evil.test/chain"}), "x5u"),
        (KEY.token({"x5c": ["AAAA"]}), "x5c"),
        (OTHER.token({"jwk": OTHER.jwk()}), "jwk"),
        (KEY.token(padding="A" * MAX_CREDENTIAL_BYTES), f"more than {MAX_CREDENTIAL_BYTES} bytes"),
        ("A" * 2**20, f"more than {MAX_CREDENTIAL_BYTES} bytes"),
        (KEY.token({"kid": "unknown"}), "no key that its issuer publishes"),
        (OTHER.token({"kid": None}), "no key that its issuer publishes"),
        (rsa_key("ec").token(), "signature is not valid"),
        (rsa_key("ec").token({"alg": "ES256"}), "signature is not valid"),
    ],
    ids=lambda each: None if each.count(".") > 1 or len(each) > 99 else each,
)  # fmt: skip
async def test_a_token_that_is_not_the_issuers_is_refused_with_the_reason(
    verifier: TokenVerifier, token: str, why: str
) -> None:
    said = await refusal(verifier, token)
    assert any(each in said for each in why.split("|")), said


def test_a_token_of_another_form_is_not_the_same_signature() -> None:
    """The last character of a signature has spare bits: only one value of them is taken."""
    token = KEY.token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]
    as_bytes = [base64.urlsafe_b64decode(each.split(".")[2] + "==") for each in (token, twin)]
    assert as_bytes[0] == as_bytes[1]
    with pytest.raises(NotProvenError, match="signature is malformed"):
        read_token(twin)


async def test_claims_nest_up_to_a_bound(verifier: TokenVerifier) -> None:
    # The payload itself is one level.
    deepest = json.loads("[" * (MAX_JSON_DEPTH - 1) + "]" * (MAX_JSON_DEPTH - 1))
    assert (await verifier.verify(KEY.token(x=deepest))).subject == "alice"
    assert "deeper" in await refusal(verifier, KEY.token(x=[deepest]))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["alg", "kid", "typ"]), inner),
)


@given(
    st.text()
    | st.builds(lambda *parts: ".".join(map(encoded, parts)), st.text(), st.binary(), st.binary())
)
def test_no_text_does_anything_but_be_a_token_or_be_refused(text: str) -> None:
    with contextlib.suppress(NotProvenError):
        read_token(text)


@given(JSON, JSON)
def test_no_json_does_anything_but_be_a_token_or_be_refused(
    header: object, payload: object
) -> None:
    with contextlib.suppress(NotProvenError):
        read_token(compact(json.dumps(header), json.dumps(payload), KEY.sign))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_public_key_is_no_secret_to_sign_with(algorithm: str) -> None:
    key = rsa_key()
    public = key.private.public_key()
    verifier = verifier_of(Keys(key))
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(key.jwk()).encode(),
    ):
        # By hand: PyJWT itself refuses to sign with such a secret.
        forged = compact({"alg": algorithm, "kid": "rsa"}, claims(), hmac_by(algorithm, secret))
        assert "algorithm" in await refusal(verifier, forged)


async def test_an_unsigned_token_is_refused(verifier: TokenVerifier) -> None:
    header = encoded({"alg": "none"})
    for signature in ("", "AAAA"):
        await refusal(verifier, f"{header}.{encoded(claims())}.{signature}")


@pytest.mark.parametrize("kind", [None, "JWT", "at+jwt", "AT+JWT", "application/at+jwt"])
async def test_an_access_token_may_say_what_it_is(verifier: TokenVerifier, kind: str) -> None:
    assert (await verifier.verify(KEY.token({"typ": kind}))).subject == "alice"


async def test_a_token_without_a_key_id_is_tried_with_the_keys_that_fit() -> None:
    keys = Keys(ed_key(), ec_key("first"), ec_key("second"), ec_key("third"))
    verifier = verifier_of(keys)
    assert (await verifier.verify(ec_key("third").token({"kid": None}))).subject == "alice"
    assert keys.looks == 0


async def test_a_key_that_is_new_is_looked_for_once(verifier: TokenVerifier, keys: Keys) -> None:
    new = ec_key("new")
    assert "no key" in await refusal(verifier, new.token())
    keys.newer = parse_key_set(key_set(new))
    assert (await verifier.verify(new.token())).subject == "alice"
    assert keys.looks == 2
    assert (await verifier.verify(new.token())).subject == "alice"
    assert keys.looks == 2


@pytest.mark.parametrize(
    "token",
    [
        ec_key("new").token(iss="https://stranger.test"),
        ec_key("new").token(aud="somebody-else"),
        ec_key("new").token(exp=1),
        ec_key("new").token(sub=None),
        OTHER.token(),
        "junk",
    ],
    ids=lambda each: None,
)
async def test_no_keys_are_fetched_for_a_token_that_would_not_be_taken_anyway(
    verifier: TokenVerifier, keys: Keys, token: str
) -> None:
    await refusal(verifier, token)
    assert keys.looks == 0


async def test_while_the_keys_are_unknown_nothing_is_said_about_a_token(
    verifier: TokenVerifier, keys: Keys
) -> None:
    token = KEY.token()
    await verifier.verify(token)
    keys.are_known = False
    with pytest.raises(KeysUnavailableError):
        await verifier.verify(token)


def parts(token: str) -> Iterable[str]:
    return (part for part in token.split(".") if len(part) > 8)


async def test_no_refusal_and_no_log_holds_any_part_of_a_token(
    verifier: TokenVerifier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bad = [
        OTHER.token(),
        KEY.token(sub="secret-subject\n"),
        KEY.token(iss="https://secret.test"),
        KEY.token({"alg": "secret-algorithm"}),
        KEY.token({"kid": "secret-key"}),
        KEY.token()[:-9],
    ]
    said = [await refusal(verifier, token) for token in bad]
    shown = "\n".join([*said, caplog.text, repr(verifier)])
    assert "secret" not in shown
    assert not [part for token in bad for part in parts(token) if part in shown]
