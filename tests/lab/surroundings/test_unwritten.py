"""Why there is no route table, of real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadstone.lab.surroundings.unwritten import why_unwritten
from loadstone.traffic.framework import routes_environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")

WAIT = "import sys; print('up', flush=True); sys.stdin.read()"
ON = routes_environment(Path("/nowhere/routes"), {})


@contextmanager
def waiting(*argv: str, env: dict[str, str]) -> Iterator[int]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "NODE", "LOADSTONE"))}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**plain, **env}) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"up\n"
        yield process.pid
        process.stdin.close()


@pytest.mark.parametrize(
    ("options", "env", "says"),
    [
        ((), {}, "the environment of process"),
        (("-E",), ON, "was started with -E"),
        (("-sI",), ON, "was started with -I"),
        (("-O", "-S"), ON, "was started with -S"),
        ((), {**ON, "PYTHONPATH": "/other"}, "PYTHONPATH of process"),
        ((), ON, "no framework that tells its routes (Django, Flask"),
        (("-W", "error"), ON, "no framework that tells its routes"),
    ],
)
def test_python(options: tuple[str, ...], env: dict[str, str], says: str) -> None:
    with waiting(sys.executable, *options, "-c", WAIT, env=env) as pid:
        assert says in why_unwritten([pid])


def test_node_and_others() -> None:
    with waiting("sh", "-c", "echo up; read word", env=ON) as pid:
        assert why_unwritten([pid]) == "its processes are neither Python nor Node (unknown)"
    assert why_unwritten([]) == "none of its processes is left"
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; on Debian: apt-get install nodejs")
    code = "console.log('up'); process.stdin.resume()"
    with waiting(node, "-e", code, env={**ON, "NODE_OPTIONS": "--no-deprecation"}) as pid:
        assert "NODE_OPTIONS of process" in why_unwritten([pid])
    with waiting(node, "-e", code, env=ON) as pid:
        assert "no framework" in why_unwritten([pid])
