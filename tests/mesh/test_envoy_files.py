"""The files of `deploy/envoy`, and the sidecar that has them: true of the server behind it.

Whether Envoy does what they say is for `test_proxy_rules` and `test_proxy_failures`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mcpgrpc_server.health import READINESS
from tests.mesh.manifests import ROOT, container, mounted, of_kind
from tests.mesh.shipped import SERVICES, settings_of

pytestmark = pytest.mark.timeout(180)


def test_the_sidecar_has_every_file_that_envoy_reads() -> None:
    envoy = container("overlays/envoy", "docker.io/envoyproxy/envoy")
    files = of_kind("overlays/envoy", "ConfigMap", _envoy_files())["data"]
    read = {
        word
        for text in (files["envoy.yaml"], files["pod.yaml"], files["certificate.yaml"])
        for word in _paths(yaml.safe_load(text))
    }
    assert read >= {"/etc/envoy/cluster.yaml", "/etc/envoy/jwks/jwks.json"}
    for path in read:
        assert mounted("overlays/envoy", path, envoy) is not None, path


def _envoy_files() -> str:
    envoy = container("overlays/envoy", "docker.io/envoyproxy/envoy")
    volume = mounted("overlays/envoy", "/etc/envoy/envoy.yaml", envoy)
    assert volume is not None
    name: str = volume["configMap"]["name"]
    return name


def _paths(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [path for each in value.values() for path in _paths(each)]
    if isinstance(value, list):
        return [path for each in value for path in _paths(each)]
    return [value] if isinstance(value, str) and value.startswith("/etc/envoy/") else []


def test_the_sidecar_and_the_server_take_the_same_tokens(tmp_path: Path) -> None:
    settings = settings_of("overlays/envoy", tmp_path)
    text = of_kind("overlays/envoy", "ConfigMap", _envoy_files())["data"]["envoy.yaml"]
    (provider,) = _found(yaml.safe_load(text), "providers").values()
    assert provider["issuer"] == settings.jwt_issuer
    assert provider["audiences"] == settings.jwt_audience
    (admin,) = container("overlays/envoy", "mcpgrpc")["lifecycle"]["preStop"]["exec"]["command"][2:]
    port = yaml.safe_load(text)["admin"]["address"]["socket_address"]["port_value"]
    assert f"127.0.0.1:{port}/drain_listeners" in admin
    compile(admin, "preStop", "exec")


def _found(value: Any, name: str) -> Any:
    """The first member of a name, at any depth."""
    members = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict) and name in value:
        return value[name]
    for each in members:
        if isinstance(each, dict | list) and (inner := _found(each, name)) is not None:
            return inner
    return None


def envoy_files() -> dict[str, Any]:
    shipped = ROOT / "deploy" / "envoy"
    names = ("envoy.yaml", "replicas.yaml", "pod.yaml", "transcoder.yaml")
    return {name: yaml.safe_load((shipped / name).read_text(encoding="utf-8")) for name in names}


def test_envoy_sends_again_only_what_no_server_has_seen() -> None:
    safe = {"connect-failure", "refused-stream", "reset-before-request"}
    policies = list(_each(envoy_files(), "retry_on"))
    assert policies
    for policy in policies:
        assert set(policy.split(",")) == safe
    # Of every route that leads to a server, and never where it was tried already.
    routes = [each for each in _each(envoy_files()["envoy.yaml"], "route") if "cluster" in each]
    assert all("retry_host_predicate" in route["retry_policy"] for route in routes)


def test_envoy_keeps_a_stream_for_longer_than_the_server_is_silent(tmp_path: Path) -> None:
    settings = settings_of("overlays/envoy", tmp_path)
    told = envoy_files()["envoy.yaml"]
    idle = float(_found(told, "stream_idle_timeout").removesuffix("s"))
    assert idle > 3 * settings.keepalive_interval_seconds
    # A route's own timeout would end what runs; each says that it has none.
    routes = [each for each in _each(told, "route") if "cluster" in each]
    assert {route["timeout"] for route in routes} == {"0s"}
    streams = [route for route in routes if "max_stream_duration" in route]
    assert len(streams) == 3
    checks = envoy_files()["replicas.yaml"]["resources"][0]["health_checks"]
    assert [each["grpc_health_check"]["service_name"] for each in checks] == [READINESS]
    assert float(checks[0]["interval"].removesuffix("s")) < float(settings.drain_pause_seconds)


def test_envoy_translates_every_typed_service() -> None:
    listed = list(_each(envoy_files(), "services"))
    assert len(listed) == 2
    for services in listed:
        assert set(services) == SERVICES - {"mcpgrpc.v1.McpService"}


def _each(value: Any, name: str) -> list[Any]:
    """Every member of a name, at any depth."""
    if isinstance(value, dict):
        own = [value[name]] if name in value else []
        return own + [found for each in value.values() for found in _each(each, name)]
    if isinstance(value, list):
        return [found for each in value for found in _each(each, name)]
    return []
