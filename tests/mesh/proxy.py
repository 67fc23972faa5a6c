"""The Envoy of `deploy/envoy`, as it is shipped, in front of real replicas: TLS, tokens and all.

It changes addresses, the places of files and the names of the few tools, and nothing else but what
a test says.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
import httpx2
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.authentication.token_issuer import SigningKey
from tests.conformance.processes import started
from tests.interop.envoy import descriptor_set
from tests.interop.programs import required
from tests.mesh.envoy import Envoy
from tests.mesh.replicas import Replicas, replicas
from tests.transport_security.authority import HERE, Authority, Credential

SHIPPED: Final = Path(__file__).resolve().parents[2] / "deploy" / "envoy"
FILES: Final = ("envoy.yaml", "certificate.yaml")
ISSUER: Final = "https://issuer.example"
AUDIENCE: Final = "mcpgrpc"
ALL: Final = "mcp.example"
FEW: Final = "few.mcp.example"
SHIPPED_TOOLS: Final = '"greet|add"'
ASK_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.05
LOG_SECONDS: Final = 30.0

Changed = Callable[[dict[str, Any]], None]


def unchanged(configuration: dict[str, Any]) -> None:
    """What a test that wants the configuration as it is shipped does to it."""


@dataclass(frozen=True)
class Front:
    """An Envoy that runs, and what its clients need.

    Attributes:
        envoy: where it listens, and what it thinks of its servers.
        replicas: behind it.
        http: speaks to its listener, with neither token nor name.
        admin: speaks to its admin endpoint.
        log: what it has written.
    """

    envoy: Envoy
    replicas: Replicas
    http: httpx2.AsyncClient
    admin: httpx2.AsyncClient
    log: Path
    authority: Authority
    key: SigningKey

    @property
    def token(self) -> str:
        """That the issuer has just given."""
        return self.key.token(iss=ISSUER, aud=AUDIENCE)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The token, as gRPC sends it."""
        return (("authorization", f"Bearer {self.token}"),)

    def channel(self, host: str = ALL) -> grpc.aio.Channel:
        """A connection of its own, to one of its hosts."""
        options = [
            ("grpc.ssl_target_name_override", host),
            ("grpc.default_authority", host),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        credentials = self.authority.channel_credentials()
        return grpc.aio.secure_channel(self.envoy.address, credentials, options)

    def logged(self) -> list[dict[str, Any]]:
        """The access log until now."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    async def lines(self, many: int) -> None:
        """Wait until the access log has so many lines."""
        async with asyncio.timeout(LOG_SECONDS):
            while len(self.logged()) < many:  # noqa: ASYNC110  # nobody tells when a file grows
                await asyncio.sleep(LOOK_SECONDS)

    async def line(self, **members: Any) -> dict[str, Any]:
        """The line of the access log that has these members, once it is written."""
        async with asyncio.timeout(LOG_SECONDS):
            while True:
                for line in self.logged():
                    if members.items() <= line.items():
                        return line
                # Nobody tells when a file grows.
                await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def proxied(
    folder: Path,
    *,
    count: int = 2,
    running: int | None = None,
    options: Sequence[str] = (),
    tools: str = "record",
    servers: str = "replicas.yaml",
    cluster: Changed = unchanged,
) -> AsyncIterator[Front]:
    """Replicas behind Envoy, while the context is open.

    Args:
        folder: for all files.
        count: of the replicas.
        running: so many of them, the first.
        options: of theirs.
        tools: the pattern of what may be called where few may.
        servers: the file that says which they are; those of a pod speak plaintext.
        cluster: changes the cluster that is shipped.
    """
    authority, key = (
        Authority(),
        SigningKey("one", "ES256", ec.generate_private_key(ec.SECP256R1())),
    )
    names = (*HERE, *(x509.DNSName(name) for name in ("mcpgrpc", ALL, FEW)))
    _lay_out(folder, authority, authority.signed("mcpgrpc", names), key)
    secured = ("--tls-cert", str(folder / "tls/tls.crt"), "--tls-key", str(folder / "tls/tls.key"))
    tokens = ("--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE)
    keys = ("--jwks", str(folder / "jwks/jwks.json"))
    every = (*(() if servers == "pod.yaml" else secured), *tokens, *keys, *options)
    async with replicas(folder, every, count=count, started=running) as fleet:
        _write_cluster(folder, servers, fleet.addresses, cluster)
        for name in FILES:
            (folder / name).write_text(_moved(name, folder, tools), encoding="utf-8")
        async with _running(folder) as (envoy, admin):
            context = ssl.create_default_context(cafile=folder / "ca/ca.crt")
            async with httpx2.AsyncClient(
                base_url=f"https://{envoy.address}", verify=context, timeout=ASK_SECONDS
            ) as http:
                log = folder / "envoy.log"
                yield Front(envoy, fleet, http, admin, log, authority, key)


def _lay_out(folder: Path, authority: Authority, served: Credential, key: SigningKey) -> None:
    """The files that Secrets and ConfigMaps hold in a pod."""
    descriptors = folder / "descriptors"
    descriptors.mkdir()
    descriptor_set(descriptors)
    files = {
        "tls/tls.crt": served.pem,
        "tls/tls.key": served.key_pem,
        "ca/ca.crt": authority.root.pem,
        "jwks/jwks.json": json.dumps({"keys": [key.jwk()]}).encode(),
    }
    for name, contents in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(contents)


def _moved(name: str, folder: Path, tools: str = "") -> str:
    """A shipped file with the places of a test's own."""
    text = (SHIPPED / name).read_text(encoding="utf-8").replace("/etc/envoy/", f"{folder}/")
    if name != "envoy.yaml":
        return text
    changes = {
        "address: 0.0.0.0, port_value: 8443": "address: 127.0.0.1, port_value: 0",
        "address: 127.0.0.1, port_value: 9901": "address: 127.0.0.1, port_value: 0",
        SHIPPED_TOOLS: json.dumps(tools),
    }
    for shown, there in changes.items():
        assert text.count(shown) == 1, shown
        text = text.replace(shown, there)
    return text


def _write_cluster(folder: Path, servers: str, addresses: Sequence[str], changed: Changed) -> None:
    told = yaml.safe_load(_moved(servers, folder))
    (cluster,) = told["resources"]
    changed(cluster)
    (group,) = cluster["load_assignment"]["endpoints"]
    group["lb_endpoints"] = [
        {"endpoint": {"address": {"socket_address": {"address": host, "port_value": int(port)}}}}
        for host, _, port in (address.rpartition(":") for address in addresses)
    ]
    (folder / "cluster.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[tuple[Envoy, httpx2.AsyncClient]]:
    told = folder / "admin.txt"
    command = [required("envoy"), "--config-path", str(folder / "envoy.yaml")]
    command += ["--use-dynamic-base-id", "--concurrency", "1", "--admin-address-path", str(told)]
    # Lines of the access log are on disk when somebody looks; a drain is over within a test.
    command += ["--file-flush-interval-msec", "50", "--drain-time-s", "5"]
    command += ["--drain-strategy", "immediate"]
    ready = r"all dependencies initialized\. (starting) workers"
    async with started(command, ready, folder / "envoy.log"):
        base = f"http://{told.read_text(encoding='utf-8')}"
        async with httpx2.AsyncClient(base_url=base, timeout=ASK_SECONDS) as admin:
            answer = await admin.get("/listeners", params={"format": "json"})
            (listener,) = answer.json()["listener_statuses"]
            place = listener["local_address"]["socket_address"]
            yield Envoy(admin, f"{place['address']}:{place['port_value']}"), admin
