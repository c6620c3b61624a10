"""The variables that make a service write its route table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["INJECT", "NODE_HOOK", "VARIABLE", "routes_environment"]

INJECT = Path(__file__).parent / "inject"
"""The directory that goes on PYTHONPATH."""

NODE_HOOK = Path(__file__).parent / "node_routes.cjs"

VARIABLE = "LOADSTONE_ROUTES"
"""Names the file that processes of the service add their tables to."""


def routes_environment(file: Path, env: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables to add to those that a service is started with, ``env`` over ``environ``; its own are kept behind.

    The table is in ``file`` once the service has answered its first request. A Python or Node process that is started
    with these and uses no framework that we know writes nothing, and every other program does not read them.
    """
    path = env.get("PYTHONPATH", environ.get("PYTHONPATH", ""))
    options = env.get("NODE_OPTIONS", environ.get("NODE_OPTIONS", ""))
    quoted = '"' + str(NODE_HOOK).replace("\\", "\\\\").replace('"', '\\"') + '"'
    return {
        "PYTHONPATH": f"{INJECT}{os.pathsep}{path}" if path else str(INJECT),
        "NODE_OPTIONS": f"{options} --require {quoted}".strip(),
        VARIABLE: str(file.absolute()),
    }
