"""A foreign service as a benchmark has it: how it is installed, filled and started, and what its true routes are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Foreign", "Place", "ran", "shape_of", "uv_venv"]

INSTALL_WITHIN_S = 900.0


@dataclass(frozen=True)
class Place:
    """Where one service lives for the benchmark: a folder of its own, a port, and a PostgreSQL database where it asks
    for one (``dsn``)."""

    folder: Path
    port: int
    dsn: str = ""

    @property
    def url(self) -> str:
        """The service's own."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Foreign:
    """``install`` and ``prepare`` fill the place, ``start`` is the command line with ``{port}``, ``env`` its variables,
    ``truth`` the service's own route table: (method or ``*``, template) by a tool that is not ours. ``user`` and
    ``password`` log in; ``fill`` puts something in through the service itself, once it is up. ``dsn_env`` names the
    variable that holds the database's address."""

    name: str
    what: str
    install: Callable[[Place], None]
    start: Callable[[Place], str]
    env: Callable[[Place], Mapping[str, str]]
    truth: Callable[[Place], list[tuple[str, str]]]
    version: Callable[[Place], str]
    prepare: Callable[[Place], None] = field(default=lambda place: None)
    fill: Callable[[Place], None] = field(default=lambda place: None)
    user: str = ""
    password: str = ""
    dsn_env: str = ""


def ran(words: list[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """A command's output. Raises RuntimeError with the end of what it said when it fails."""
    done = subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=INSTALL_WITHIN_S,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:6])} …: {(done.stderr or done.stdout)[-1500:]}")
    return done.stdout


def uv_venv(place: Place, packages: list[str], *, newest: str | None = None) -> None:
    """A virtual environment with these packages, none of them newer than ``newest`` (a date), so that a service whose
    own pins are loose gets the libraries that it was made with."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}") or "uv"
    venv = place.folder / "venv"
    if (venv / "installed").exists():
        return
    ran([uv, "venv", "-q", "--clear", "--python", "3.11", str(venv)])
    older = ["--exclude-newer", newest] if newest else []
    ran([uv, "pip", "install", "-q", *older, "--python", str(venv / "bin" / "python"), *packages])
    (venv / "installed").touch()


_VARIABLE = re.compile(
    r"<[^<>]*>|\{[^{}]*\}|:[A-Za-z_]\w*(?:\([^()]*\))?[?*+]?|\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|\*\w*"
)


def shape_of(template: str) -> str:
    """A template without names, so that those of two sources compare: ``/v1/projects/{}``."""
    bare = _VARIABLE.sub("{}", template)
    bare = re.sub(r"\\([./-])", r"\1", bare).replace("\\Z", "").strip("^$")
    bare = "/" + bare.strip("/")
    return re.sub(r"/+", "/", bare)
