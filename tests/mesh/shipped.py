"""What manifests ship and the product has: files of settings, images, the services of the schema.

It asserts nothing but that a file is mounted where a server is told to read it.
"""

from __future__ import annotations

from pathlib import Path

from google.protobuf import descriptor_pool

from mcpgrpc.v1 import (  # the pool knows what is imported
    completion_service_pb2,
    discovery_service_pb2,
    mcp_service_pb2,
    prompts_service_pb2,
    resources_service_pb2,
    subscriptions_service_pb2,
    tools_service_pb2,
)
from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.settings_sources import load_settings
from tests.mesh.manifests import RENDERED, config_map, container, mounted

MODULES = (
    completion_service_pb2,
    discovery_service_pb2,
    mcp_service_pb2,
    prompts_service_pb2,
    resources_service_pb2,
    subscriptions_service_pb2,
    tools_service_pb2,
)
SERVICES = {
    service.full_name
    for module in MODULES
    for service in descriptor_pool.Default()
    .FindFileByName(module.DESCRIPTOR.name)
    .services_by_name.values()
}
FLEETS = [place for place in RENDERED if not place.startswith("examples/")]
IMAGE = dict.fromkeys(FLEETS, "mcpgrpc") | {"examples/stdio-sidecar": "mcpgrpc-time"}


def settings_text(place: str) -> str:
    told = container(place, IMAGE[place])
    path = told["args"][told["args"].index("--config") + 1]
    volume = mounted(place, path, told)
    assert volume is not None, f"{path} is mounted from nowhere"
    return config_map(place, volume)[Path(path).name]


def settings_of(place: str, folder: Path) -> ServerSettings:
    path = folder / "mcpgrpc.toml"
    path.write_text(settings_text(place), encoding="utf-8")
    return load_settings(path, {}, {})
