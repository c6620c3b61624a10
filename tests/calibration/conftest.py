from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def scripted_server() -> Path:
    """The program of core/examples/scripted_server.rs; cargo builds it, as it does for the Rust tests."""
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not installed; see https://rustup.rs")
    command = ["cargo", "build", "--quiet", "--locked", "--example", "scripted_server", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    for line in built.stdout.splitlines():
        told = msgspec.json.decode(line)
        if told.get("target", {}).get("name") == "scripted_server" and told.get("executable"):
            return Path(told["executable"])
    pytest.fail("cargo built no scripted_server")


@pytest.fixture
def undisturbed() -> Iterator[None]:
    """Server and engine go before every other process of the machine, where the system lets them (sched(7))."""
    if not hasattr(os, "sched_setscheduler"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    yield
    os.sched_setscheduler(0, *before)
