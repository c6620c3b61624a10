from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from loadstone.gather.profile import processes
from loadstone.gather.profile.processes import runtime, threads, why_not_perf, why_not_ptrace

Proc = Callable[..., Path]


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    def made(*, capabilities: int = 0, scope: int | None = None, paranoid: int | None = None) -> Path:
        (tmp_path / "self").mkdir()
        (tmp_path / "self/status").write_text(f"Name:\tx\nCapEff:\t{capabilities:016x}\n")
        (tmp_path / "12").mkdir()
        for name, value in (("yama/ptrace_scope", scope), ("perf_event_paranoid", paranoid)):
            if value is not None:
                path = tmp_path / "sys/kernel" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{value}\n")
        return tmp_path

    return made


def test_this_process_is_python_and_its_threads_are_listed() -> None:
    assert runtime(os.getpid()) == "python"
    assert threading.get_native_id() in threads(os.getpid())


def test_a_shell_that_starts_a_service_is_no_service() -> None:
    shell = subprocess.Popen(["sh", "-c", "echo up; read word"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert shell.stdout is not None
    assert shell.stdout.readline() == b"up\n"
    assert runtime(shell.pid) == "wrapper"
    shell.communicate()


def test_a_process_that_is_not_there() -> None:
    assert runtime(2**22 + 1) == "gone"
    assert threads(2**22 + 1) == {}


@pytest.mark.parametrize(
    ("mapped", "kind"),
    [
        ("/usr/bin/python3.11", "python"),
        ("/usr/lib/libpython3.13t.so.1.0", "python"),
        ("/opt/jdk/lib/server/libjvm.so", "jvm"),
        ("/usr/bin/node", "node"),
        ("/usr/sbin/nginx", "native"),
        ("/usr/lib/python3/dist-packages/x.so", "native"),
    ],
)
def test_runtimes_by_what_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapped: str, kind: str) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "12").mkdir()
    (tmp_path / "12/maps").write_text(f"55d0-55d1 r-xp 00000000 fe:00 123    {mapped}\n7f00-7f01 rw-p 0 00:00 0\n")
    monkeypatch.setattr(processes, "_PROC", tmp_path)
    assert runtime(12) == kind


def test_who_has_the_capability_may_look(proc: Proc) -> None:
    assert why_not_ptrace(12, proc(capabilities=1 << 19, scope=1)) is None


@pytest.mark.parametrize(("scope", "word"), [(1, "did not start"), (2, "did not start"), (3, "nobody")])
def test_yama_is_named_with_the_way_out(proc: Proc, scope: int, word: str) -> None:
    denied = why_not_ptrace(12, proc(scope=scope))
    assert denied is not None
    assert f"ptrace_scope is {scope}" in denied[0]
    assert word in denied[0]
    assert denied[1]


def test_without_yama_ones_own_processes_may_be_looked_into(proc: Proc) -> None:
    assert why_not_ptrace(12, proc(scope=0)) is None


def test_another_users_process(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    root = proc(scope=0)
    monkeypatch.setattr(os, "geteuid", lambda: (root / "12").stat().st_uid + 1)
    denied = why_not_ptrace(12, root)
    assert denied is not None
    assert "another user" in denied[0]


@pytest.mark.parametrize(("paranoid", "allowed"), [(-1, True), (2, True), (3, False), (4, False), (None, False)])
def test_perf_by_paranoia(proc: Proc, paranoid: int | None, allowed: bool) -> None:
    assert (why_not_perf(proc(paranoid=paranoid)) is None) is allowed


def test_perf_by_capability(proc: Proc) -> None:
    assert why_not_perf(proc(capabilities=1 << 38, paranoid=4)) is None
