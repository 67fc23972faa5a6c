"""What stands between a client and a server, looked at step by step: what is wrong, how to mend it.

It is not a monitor: it looks once, from here, and changes nothing at the server.
"""

from mcpgrpc.doctor.examination import examine
from mcpgrpc.doctor.findings import Finding, Level

__all__ = ["Finding", "Level", "examine"]
