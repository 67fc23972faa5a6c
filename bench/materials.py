"""Certificates, keys, a token and a policy for the secured variants, made anew for each run.

They are thrown away with the folder; nothing here is fit to guard anything.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bench.contenders import MCPGRPC

LIFE: Final = timedelta(days=1)
KEYS_TIMEOUT_SECONDS: Final = 60
POLICY: Final = """\
[[rules]]
comment = "whoever has a key may add"
subjects = ["api_key:*"]
tools = ["add", "text"]
"""


def make_materials(folder: Path) -> None:
    """Fill a folder with what the commands of `contenders` name."""
    _make_certificates(folder)
    _make_api_key(folder)
    _make_token(folder)
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")


def _make_certificates(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _builder("authority", "authority", key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    certificate = authority.sign(key, hashes.SHA256())
    (folder / "authority.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    for name in ("server", "client"):
        _issue(folder, name, key)


def _issue(folder: Path, name: str, authority_key: ec.EllipticCurvePrivateKey) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = _builder(name, "authority", key.public_key()).add_extension(
        x509.SubjectAlternativeName(names), critical=False
    )
    signed = builder.sign(authority_key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_secret(folder / f"{name}.key", private)


def _builder(
    name: str, issuer: str, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_common_name(name))
        .issuer_name(_common_name(issuer))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LIFE)
        .not_valid_after(now + LIFE)
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _make_api_key(folder: Path) -> None:
    made = subprocess.run(  # noqa: S603 - the project's own command
        [MCPGRPC, "keys", "new", "bench", "--file", str(folder / "keys.toml")],
        check=True,
        capture_output=True,
        timeout=KEYS_TIMEOUT_SECONDS,
    )
    _write_secret(folder / "api.key", made.stdout)


def _make_token(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    algorithm = jwt.get_algorithm_by_name("ES256")
    public = algorithm.to_jwk(key.public_key(), as_dict=True)
    keys = {"keys": [{**public, "kid": "bench", "use": "sig", "alg": "ES256"}]}
    (folder / "jwks.json").write_text(json.dumps(keys), encoding="utf-8")
    now = time.time()
    claims = {
        "iss": "https://issuer.example",
        "aud": "bench",
        "sub": "bench",
        "iat": int(now),
        "exp": int(now + LIFE.total_seconds()),
    }
    headers = {"kid": "bench", "typ": "at+jwt"}
    token = jwt.encode(claims, key, algorithm="ES256", headers=headers)
    _write_secret(folder / "token.jwt", token.encode())


def _write_secret(path: Path, secret: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(secret)
