"""Who calls, and over what: the options for TLS and credentials against a server that looks."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.cli.conftest import Run

SECRET = "t0p-secret"
NAME = "tools.internal"


class Watchman(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # the base has no types
    """Answers SERVING and remembers the metadata it was asked with."""

    def __init__(self) -> None:
        self.metadata: dict[str, str | bytes] = {}

    async def Check(  # noqa: N802 - gRPC's name
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.aio.ServicerContext[
            health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse
        ],
    ) -> health_pb2.HealthCheckResponse:
        self.metadata = dict(context.invocation_metadata() or ())
        return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)


def self_signed() -> tuple[bytes, bytes]:
    """A key and a certificate for NAME and 127.0.0.1, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def watchman() -> Watchman:
    return Watchman()


@pytest.fixture
async def plaintext(watchman: Watchman) -> AsyncIterator[str]:
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(watchman, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.fixture
async def secure(watchman: Watchman, tmp_path: Path) -> AsyncIterator[str]:
    """A server that wants the caller's certificate too; all files are in `tmp_path`."""
    key, certificate = self_signed()
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "cert.pem").write_bytes(certificate)
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(watchman, server)
    credentials = grpc.ssl_server_credentials([(key, certificate)], certificate, True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.mark.parametrize(
    ("option", "key", "value"),
    [
        ("--token-file", "authorization", f"Bearer {SECRET}"),
        ("--api-key-file", "x-api-key", SECRET),
    ],
)
async def test_a_secret_is_sent_from_its_file(
    run: Run, plaintext: str, watchman: Watchman, tmp_path: Path, option: str, key: str, value: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    done = await run("health", plaintext, option, str(file))
    assert (done.code, watchman.metadata[key]) == (0, value)


async def test_a_file_without_a_secret_is_named_and_not_shown(
    run: Run, plaintext: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET} and more\n")
    done = await run("health", plaintext, "--token-file", str(file))
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert str(file) in done.err
    assert SECRET not in done.err


async def test_both_sides_are_known_by_certificate(run: Run, secure: str, tmp_path: Path) -> None:
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    files = ["--tls-ca", cert, "--tls-cert", cert, "--tls-key", key]
    assert (await run("health", secure, *files)).out == "SERVING\n"
    assert (await run("health", secure, *files, "--tls-server-name", NAME)).out == "SERVING\n"


async def test_a_certificate_of_another_name_is_not_trusted(
    run: Run, secure: str, tmp_path: Path
) -> None:
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    files = ["--tls-ca", cert, "--tls-cert", cert, "--tls-key", key]
    done = await run("health", secure, *files, "--tls-server-name", "other.internal")
    assert (done.code, done.out) == (1, "")


async def test_a_server_that_the_system_does_not_trust_is_not_trusted(
    run: Run, secure: str
) -> None:
    done = await run("health", secure, "--tls", "--timeout", "5")
    assert (done.code, done.out) == (1, "")
