"""docs/configuration.md says of every setting what the settings model says."""

from __future__ import annotations

import re
import subprocess
import sys

from mcpgrpc_server.settings import ServerSettings
from tests.docs.documents import ROOT, document

SCRIPT = ROOT / "scripts" / "document_settings.py"


def test_the_generated_tables_are_those_that_the_code_gives_now() -> None:
    checked = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_every_setting_has_its_section_and_every_section_its_setting() -> None:
    text = document("docs/configuration.md").text
    assert re.findall(r"^### `(\w+)`$", text, re.MULTILINE) == list(ServerSettings.model_fields)


def test_every_variable_that_is_named_is_one_that_is_read() -> None:
    text = document("docs/configuration.md").text
    sources = (ROOT / "clients/python/mcpgrpc/cli").rglob("*.py")
    said = "".join(path.read_text(encoding="utf-8") for path in sources)
    settings = {f"MCPGRPC_{name.upper()}" for name in ServerSettings.model_fields}
    for variable in set(re.findall(r"MCPGRPC_[A-Z_]*[A-Z]", text)) - settings:
        option = variable.removeprefix("MCPGRPC_").lower().replace("_", "-")
        assert variable in said or f'"{option}"' in said, variable
