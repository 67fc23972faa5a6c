"""A caller's credential never reaches an upstream, and an upstream's own never reaches a caller."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mcpgrpc_server import Server
from mcpgrpc_server.settings_sources import describe
from tests.doors.door import open_door
from tests.upstream.http_app import Told
from tests.upstream.http_servers import served
from tests.upstream.offered import Offer, plain
from tests.wire.raw import OpenSession, RawCalls, legacy_call, text_of, tool
