"""What `deploy/kubernetes` renders to, by the real Kustomize, and the schemas it is held against.

It applies nothing, and knows no particular manifest.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import jsonschema
import kubernetes_validate
import yaml

from tests.interop.programs import CUSTOM_RESOURCES, required

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOYED: Final = ROOT / "deploy" / "kubernetes"
RENDERED: Final = (
    "base",
    "overlays/headless",
    "overlays/envoy",
    "overlays/gateway-api",
    "examples/stdio-sidecar",
)
VERSIONS: Final = ("1.29", kubernetes_validate.latest_version())
"""Of Kubernetes: the oldest that the manifests are for, and the newest that is known."""

RENDER_SECONDS: Final = 60

Manifest: TypeAlias = dict[str, Any]


@functools.cache
def _text(place: str) -> str:
    command = [required("kustomize"), "build", str(DEPLOYED / place)]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=RENDER_SECONDS
    ).stdout


def rendered(place: str) -> list[Manifest]:
    """The manifests of one of RENDERED."""
    return list(yaml.safe_load_all(_text(place)))


def of_kind(place: str, kind: str, name: str | None = None) -> Manifest:
    """The one manifest of a kind, or of a kind and a name."""
    (found,) = (
        each
        for each in rendered(place)
        if each["kind"] == kind and name in (None, each["metadata"]["name"])
    )
    return found


def check(manifest: Manifest) -> None:
    """Hold a manifest strictly against its schema.

    Raises:
        jsonschema.ValidationError: it has a member or a value that the schema has not.
        LookupError: nobody here knows such a resource.
    """
    schema = _custom().get((manifest["apiVersion"], manifest["kind"]))
    if schema is not None:
        jsonschema.Draft202012Validator(schema).validate(manifest)
        return
    for version in VERSIONS:
        kubernetes_validate.validate(manifest, version, strict=True)


@functools.cache
def _custom() -> dict[tuple[str, str], Manifest]:
    """The schema of each custom resource of ours, by its version and kind."""
    wanted = {"GRPCRoute", "BackendTLSPolicy", "ServiceMonitor"}
    schemas: dict[tuple[str, str], Manifest] = {}
    for path in _definitions():
        if any(kind.lower() in path.name.replace("policies", "policy") for kind in wanted):
            definition = yaml.load(path.read_bytes(), yaml.CSafeLoader)
            schemas.update(_versions(definition["spec"]))
    return schemas


def _definitions() -> Iterator[Path]:
    for name in CUSTOM_RESOURCES:
        yield from sorted(Path(required(name)).glob("*.yaml"))


def _versions(spec: Manifest) -> Iterator[tuple[tuple[str, str], Manifest]]:
    for version in spec["versions"]:
        key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
        schema = _strict(version["schema"]["openAPIV3Schema"])
        # What every resource has stands in no definition.
        schema["properties"]["metadata"] = {"type": "object"}
        yield key, schema


def _strict(schema: Any) -> Any:
    """The same schema, whose objects take no members that it does not name."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(each) for name, each in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        strict.setdefault("additionalProperties", False)
    return strict


def pod_of(place: str) -> Manifest:
    """The specification of the pods of the one Deployment."""
    return cast("Manifest", of_kind(place, "Deployment")["spec"]["template"]["spec"])


def containers(place: str) -> list[Manifest]:
    """Every container of the pods, sidecars included."""
    pod = pod_of(place)
    return [*pod.get("initContainers", ()), *pod["containers"]]


def container(place: str, image: str) -> Manifest:
    """The one container of an image."""
    (found,) = (each for each in containers(place) if each["image"].rpartition(":")[0] == image)
    return found


def mounted(place: str, path: str, container: Mapping[str, Any]) -> Manifest | None:
    """The volume in which a container has a file; None for none."""
    for mount in container["volumeMounts"]:
        if path == mount["mountPath"] or path.startswith(f"{mount['mountPath']}/"):
            (volume,) = (v for v in pod_of(place)["volumes"] if v["name"] == mount["name"])
            return cast("Manifest", volume)
    return None


def config_map(place: str, volume: Manifest) -> dict[str, str]:
    """The files of a volume's ConfigMap."""
    return cast("dict[str, str]", of_kind(place, "ConfigMap", volume["configMap"]["name"])["data"])
