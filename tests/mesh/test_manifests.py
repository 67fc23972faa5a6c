"""The manifests of `deploy/kubernetes`: valid to Kubernetes, and true of the product."""

from __future__ import annotations

import copy
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from google.protobuf import descriptor_pool

from mcpgrpc_server.health import LIVENESS, READINESS, STARTUP
from mcpgrpc_server.settings import check_listeners
from tests.conformance.processes import MCPGRPC
from tests.interop.programs import ENVOY
from tests.mesh.manifests import (
    RENDERED,
    ROOT,
    Manifest,
    check,
    config_map,
    container,
    containers,
    mounted,
    of_kind,
    pod_of,
    rendered,
)
from tests.mesh.shipped import FLEETS, IMAGE, SERVICES, settings_of, settings_text
from tests.observability.named import documented

GRACE_BESIDE_SECONDS = 10
OWNER_AND_GROUP_READ = 0o440
COMMAND_SECONDS = 60

pytestmark = pytest.mark.timeout(180)


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


@pytest.mark.parametrize("place", RENDERED)
def test_kubernetes_takes_every_manifest_as_it_is(place: str) -> None:
    for manifest in rendered(place):
        check(manifest)


@pytest.mark.parametrize(
    ("place", "kind", "path"),
    [
        ("base", "Deployment", ("spec", "template", "spec")),
        ("base", "ServiceMonitor", ("spec",)),
        ("overlays/gateway-api", "BackendTLSPolicy", ("spec", "validation")),
    ],
)
def test_a_member_that_kubernetes_does_not_know_is_noticed(
    place: str, kind: str, path: tuple[str, ...]
) -> None:
    wrong = copy.deepcopy(of_kind(place, kind))
    inner: Any = wrong
    for name in path:
        inner = inner[name]
    inner["misspelt"] = True
    with pytest.raises(jsonschema.ValidationError, match="misspelt"):
        check(wrong)


@pytest.mark.parametrize("place", RENDERED)
def test_the_settings_are_settings_and_safe_to_listen_with(place: str, tmp_path: Path) -> None:
    settings = settings_of(place, tmp_path)
    check_listeners(settings)
    assert not settings.insecure
    assert not settings.allow_anonymous


@pytest.mark.parametrize("place", RENDERED)
def test_the_command_understands_its_arguments(place: str, tmp_path: Path) -> None:
    settings_of(place, tmp_path)
    told = list(container(place, IMAGE[place])["args"])
    told[told.index("--config") + 1] = str(tmp_path / "mcpgrpc.toml")
    shown = subprocess.run(
        [MCPGRPC, *told, "--print-config"],
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    assert shown.returncode == 0, shown.stderr
    in_force = tomllib.loads(shown.stdout)
    assert in_force["health"] == tomllib.loads(settings_text(place))["health"]


@pytest.mark.parametrize("place", FLEETS)
def test_every_file_of_the_settings_is_mounted(place: str, tmp_path: Path) -> None:
    settings = settings_of(place, tmp_path)
    named = [settings.tls_cert, settings.tls_key, settings.api_keys, settings.policy, settings.jwks]
    told = container(place, "mcpgrpc")
    for path in filter(None, named):
        volume = mounted(place, path, told)
        assert volume is not None, path
        if "configMap" in volume and volume["configMap"]["name"] == "mcpgrpc-policy":
            assert Path(path).name in config_map(place, volume)
    used = {mount["name"] for each in containers(place) for mount in each["volumeMounts"]}
    assert {volume["name"] for volume in pod_of(place)["volumes"]} == used


@pytest.mark.parametrize("place", RENDERED)
def test_probes_ask_the_health_listener_for_names_that_it_knows(place: str, tmp_path: Path) -> None:
    port = port_of(settings_of(place, tmp_path).health)
    told = container(place, IMAGE[place])
    probes = {name: told[f"{name}Probe"]["grpc"] for name in ("startup", "liveness", "readiness")}
    # A sidecar has started when what it stands for answers: the next container needs it.
    startup = STARTUP if place in FLEETS else READINESS
    assert probes == {
        "startup": {"port": port, "service": startup},
        "liveness": {"port": port, "service": LIVENESS},
        "readiness": {"port": port, "service": READINESS},
    }


@pytest.mark.parametrize("place", FLEETS)
def test_ports_are_those_of_the_settings(place: str, tmp_path: Path) -> None:
    settings = settings_of(place, tmp_path)
    told = {each["name"]: each["containerPort"] for each in container(place, "mcpgrpc")["ports"]}
    (listener,) = settings.listen
    assert told == {
        "grpc": port_of(listener),
        "health": port_of(settings.health),
        "metrics": port_of(settings.metrics),
    }
    every = {port["name"]: port for each in containers(place) for port in each["ports"]}
    for service in (each for each in rendered(place) if each["kind"] == "Service"):
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in every
    (endpoint,) = of_kind(place, "ServiceMonitor")["spec"]["endpoints"]
    scraped = of_kind(place, "Service", "mcpgrpc-metrics")
    assert endpoint["port"] in {port["name"] for port in scraped["spec"]["ports"]}
    for rule in of_kind(place, "NetworkPolicy")["spec"]["ingress"]:
        assert {port["port"] for port in rule["ports"]} <= set(every)


@pytest.mark.parametrize("place", RENDERED)
def test_the_pod_outlives_its_drain(place: str, tmp_path: Path) -> None:
    settings = settings_of(place, tmp_path)
    pause = settings.drain_pause_seconds
    assert isinstance(pause, float | int), "auto is none on loopback"
    needed = pause + settings.drain_grace_seconds + GRACE_BESIDE_SECONDS
    assert pod_of(place)["terminationGracePeriodSeconds"] >= needed
    if place in FLEETS:
        assert (pause, settings.drain_grace_seconds) == (5, 25)
        readiness = container(place, "mcpgrpc")["readinessProbe"]
        assert readiness["periodSeconds"] * readiness["failureThreshold"] < pause


@pytest.mark.parametrize("place", FLEETS)
def test_the_autoscaler_follows_a_metric_that_is_served(place: str, tmp_path: Path) -> None:
    (pods, _) = of_kind(place, "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert pods["pods"]["metric"]["name"] in documented()
    aim = int(pods["pods"]["target"]["averageValue"])
    assert settings_of(place, tmp_path).max_requests_per_server == 4 * aim
    assert "replicas" not in of_kind(place, "Deployment")["spec"]


@pytest.mark.parametrize("place", RENDERED)
def test_no_container_may_more_than_it_needs(place: str) -> None:
    pod = pod_of(place)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in containers(place):
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert each["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in each["resources"]["limits"]


@pytest.mark.parametrize("place", FLEETS)
def test_selectors_find_the_pods_and_ask_nothing_of_clients(place: str) -> None:
    labels = of_kind(place, "Deployment")["spec"]["template"]["metadata"]["labels"]
    policy = of_kind(place, "NetworkPolicy")["spec"]
    selectors = [
        of_kind(place, "Deployment")["spec"]["selector"]["matchLabels"],
        of_kind(place, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        policy["podSelector"]["matchLabels"],
        *(each["labelSelector"]["matchLabels"] for each in constraints(place)),
        *(each["spec"]["selector"] for each in rendered(place) if each["kind"] == "Service"),
    ]
    for selector in selectors:
        assert selector
        assert selector.items() <= labels.items()
    clients = policy["ingress"][0]["from"][0]["podSelector"]["matchLabels"]
    assert clients.keys() == {"mcpgrpc/client"}
    scraped = of_kind(place, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    found = [each for each in rendered(place) if each["kind"] == "Service" and has(each, scraped)]
    assert [each["metadata"]["name"] for each in found] == ["mcpgrpc-metrics"]


def constraints(place: str) -> list[Manifest]:
    found: list[Manifest] = pod_of(place)["topologySpreadConstraints"]
    return found


def has(manifest: Manifest, labels: dict[str, str]) -> bool:
    return bool(labels.items() <= manifest["metadata"].get("labels", {}).items())


@pytest.mark.parametrize("place", RENDERED)
def test_secrets_are_named_and_mounted_and_none_is_written_down(place: str) -> None:
    assert "Secret" not in {each["kind"] for each in rendered(place)}
    for volume in pod_of(place)["volumes"]:
        if "secret" in volume:
            assert volume["secret"]["defaultMode"] == OWNER_AND_GROUP_READ


@pytest.mark.parametrize("place", RENDERED)
def test_images_have_the_version_of_what_is_tested(place: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = {each["image"].rpartition(":")[2] for each in containers(place)}
    envoy = f"distroless-v{ENVOY.rpartition('=')[2]}"
    assert versions == {project["version"], *([envoy] if place == "overlays/envoy" else [])}


@pytest.mark.parametrize("place", FLEETS)
@pytest.mark.parametrize("method", ["tools/call", "resources/read"])
def test_the_policy_lets_in_who_the_settings_know(place: str, method: str, tmp_path: Path) -> None:
    settings = settings_of(place, tmp_path)
    volume = mounted(place, settings.policy, container(place, "mcpgrpc"))
    assert volume is not None
    policy = tmp_path / "policy.toml"
    policy.write_text(config_map(place, volume)["policy.toml"], encoding="utf-8")
    subject = "api_key:someone" if settings.api_keys else "jwt:someone"
    what = ["--tool", "anything"] if method == "tools/call" else ["--resource", "docs:///a"]
    asked = subprocess.run(
        [MCPGRPC, "policy", "check", str(policy), "--subject", subject, *what],
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    stranger = [MCPGRPC, "policy", "check", str(policy), "--subject", "mtls:stranger", *what]
    refused = subprocess.run(stranger, capture_output=True, check=False, timeout=COMMAND_SECONDS)
    assert refused.returncode != 0


def test_pods_are_addresses_where_clients_balance() -> None:
    assert of_kind("overlays/headless", "Service", "mcpgrpc")["spec"]["clusterIP"] == "None"
    assert "clusterIP" not in of_kind("base", "Service", "mcpgrpc")["spec"]


def test_the_gateway_routes_every_service_and_the_few_route_nothing_unchecked() -> None:
    (every,) = of_kind("overlays/gateway-api", "GRPCRoute", "mcpgrpc")["spec"]["rules"]
    routed = {match["method"]["service"] for match in every["matches"]}
    assert routed == {*SERVICES, "grpc.health.v1.Health"}
    (few,) = of_kind("overlays/gateway-api", "GRPCRoute", "mcpgrpc-few")["spec"]["rules"]
    known = {
        f"{service}/{method.name}"
        for service in SERVICES
        for method in descriptor_pool.Default().FindServiceByName(service).methods
    }
    for match in few["matches"]:
        rpc = f"{match['method']['service']}/{match['method']['method']}"
        assert rpc in known
        named = {header["name"] for header in match.get("headers", ())}
        if rpc.endswith(("/CallTool", "/WatchTool")):
            assert "mcp-name" in named
        # Nobody checks what is said of a request there.
        assert "McpService" not in rpc
    target = of_kind("overlays/gateway-api", "BackendTLSPolicy")["spec"]["targetRefs"][0]
    assert (
        target["name"] == of_kind("overlays/gateway-api", "Service", "mcpgrpc")["metadata"]["name"]
    )


def test_the_document_names_every_folder_and_no_other() -> None:
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    for place in RENDERED:
        assert f"`deploy/kubernetes/{place}`" in text
    for shown in re.findall(r"deploy/[\w/.-]+", text):
        assert (ROOT / shown.rstrip(".")).exists(), shown
