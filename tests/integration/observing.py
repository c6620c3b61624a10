"""A service in a folder of its own, driven bare and observed by the command line, and what the archive then holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Observed", "loadstone", "observed", "sql"]

ROOT = Path(__file__).parents[2]


class Observed(NamedTuple):
    """Where it was driven, the bare run's summary, its evidence, and what the observed run sent and got answered."""

    folder: Path
    summary: dict[str, Any]
    evidence: dict[str, Any]
    requests: int

    def check(self, code: str) -> dict[str, Any]:
        """One check of the audit."""
        found = [check for check in self.evidence["audit"] if check["code"] == code]
        assert len(found) == 1, [check["code"] for check in self.evidence["audit"]]
        checked: dict[str, Any] = found[0]
        return checked


def loadstone(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None, within_s: float = 180
) -> subprocess.CompletedProcess[str]:
    """Run the command line, with the environment's own programs on its path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "loadstone", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=within_s,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)} | (env or {}),
    )


def observed(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Observed:
    """Drive what ``loadstone.toml`` in the folder says, bare and observed, for a few seconds."""
    words = ("run", "--evidence", "--for", "4s", "--warm-up", "1s", "--seed", "7", "--json", *arguments)
    done = loadstone(*words, cwd=folder, env=env)
    assert done.returncode in (0, 3), done.stdout[-3000:] + done.stderr  # so short a run may leave a verdict undecided
    evidence = loadstone("evidence", "last", "--json", cwd=folder)
    assert evidence.returncode == 0, evidence.stderr
    told = json.loads(evidence.stdout)
    cells = f"FROM intervals WHERE run = '{told['run']}' AND step IS NOT NULL"
    requests = sql(folder, f'SELECT sum("count")::bigint AS n {cells}')[0]["n"]
    return Observed(folder, json.loads(done.stdout), told, requests)


def sql(folder: Path, statement: str) -> list[dict[str, Any]]:
    """Rows of a statement over the folder's archive."""
    done = loadstone("sql", statement, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows
