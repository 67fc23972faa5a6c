"""The app of a replica, as a file that `mcpgrpc serve` is given."""

from tests.fleet.replicas import fleet_app

app = fleet_app()
