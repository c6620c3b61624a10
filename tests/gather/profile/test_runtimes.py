"""Native processes, Node, the JVM and memory, each by its real profiler where that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from loadstone.gather.collector import Scene, Start
from loadstone.gather.profile import collector as collecting
from loadstone.gather.profile.collector import Profile
from loadstone.gather.profile.jvm import samples
from loadstone.gather.profile.memory import why_not_memray
from loadstone.gather.profile.node import with_hook
from loadstone.gather.profile.processes import why_not_perf
from tests.gather.profile.conftest import Burning
from tests.gather.profile.test_collector import profiled, rows_of, weights

Stage = Callable[[Callable[[], set[int]]], Scene]
Spun = Callable[..., subprocess.Popen[str]]

SPIN_C = """
#include <stdio.h>
static volatile long sum;
__attribute__((noinline)) void inner(void) { for (long i = 0; i < 1000000; i++) sum += i; }
__attribute__((noinline)) void outer(void) { for (int i = 0; i < 400; i++) inner(); sum++; }
int main(void) {
    char line[64];
    puts("ready"); fflush(stdout);
    while (fgets(line, sizeof line, stdin)) { outer(); sum++; puts("done"); fflush(stdout); }
}
"""

SPIN_JS = """
function burn(ms) { const until = Date.now() + ms; let n = 0; while (Date.now() < until) n += 1; return n; }
require("readline").createInterface({ input: process.stdin }).on("line", () => { burn(500); console.log("done"); });
console.log("ready");
"""

SPIN_JAVA = """
import java.io.*;
public class Spin {
    static volatile long sum;
    static void burn() { long until = System.nanoTime() + 700_000_000L; while (System.nanoTime() < until) sum++; }
    public static void main(String[] words) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        while (in.readLine() != null) { burn(); System.out.println("done"); }
    }
}
"""


@pytest.fixture
def spun() -> Iterator[Spun]:
    """Starts a process that says "ready", and ends it."""
    processes: list[subprocess.Popen[str]] = []

    def start(*argv: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def ask(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.readline().strip() == "done"


@pytest.mark.optional("perf belongs to the kernel that runs, and container hosts rarely allow it")
def test_a_native_process_by_perf(tmp_path: Path, stage: Stage, spun: Spun) -> None:
    if shutil.which("perf") is None or (shutil.which("cc") is None):
        pytest.skip("needs perf and a C compiler")
    if denied := why_not_perf():
        pytest.skip(denied[0])
    (tmp_path / "spin.c").write_text(SPIN_C)
    binary = str(tmp_path / "spin")
    command = ["cc", "-O1", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-o", binary]
    subprocess.run([*command, str(tmp_path / "spin.c")], check=True)
    process = spun(binary)
    before = time.time_ns()
    gathered = profiled(stage, lambda: {process.pid}, lambda: ask(process), Profile())
    if gathered.missing:
        pytest.skip(gathered.missing[0].reason)
    after = time.time_ns()
    rows = rows_of(gathered)
    assert any("main (spin);" in row.frames and row.frames.endswith("inner (spin)") for row in rows)
    assert {(row.source, row.state, row.unit, row.process_pid) for row in rows} == {("perf", "cpu", "ns", process.pid)}
    assert all(row.at_ns is not None and before <= row.at_ns <= after for row in rows)
    assert sum(row.weight for row in rows if "inner" in row.frames) > 0.8 * sum(row.weight for row in rows)


def test_perf_is_not_allowed(tmp_path: Path, stage: Stage, spun: Spun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "runtime", lambda pid: "native")
    monkeypatch.setattr(collecting, "why_not_perf", lambda: ("kernel.perf_event_paranoid is 4", "sudo sysctl"))
    gathered = profiled(stage, lambda: {os.getpid()}, lambda: None, Profile())
    assert "perf_event_paranoid is 4" in gathered.missing[0].reason
    assert gathered.missing[0].advice == "sudo sysctl"


@pytest.mark.optional("needs a debugger that may attach")
def test_memory_on_request(service: Burning, stage: Stage) -> None:
    if missing := why_not_memray():
        pytest.skip(missing.reason)
    over = threading.Event()

    def requests() -> None:
        while not over.is_set():  # the debugger waits for an allocation, to come and to go
            service.ask("digest 0.02")

    def work() -> None:
        load.start()
        while attaching(stage(set).spool):
            over.wait(0.02)

    load = threading.Thread(target=requests)
    try:
        gathered = profiled(stage, service.pids, work, Profile(memory=True))
    finally:
        over.set()
        load.join()
    if refused := [missing for missing in gathered.missing if "cannot go into" in missing.reason]:
        pytest.skip(refused[0].reason)
    assert gathered.missing == ()
    rows = [row for row in rows_of(gathered) if row.state == "alloc"]
    assert {row.unit for row in rows} == {"bytes"}
    peak = [row for row in rows if row.source == "memray"]
    assert weights(peak, "alloc")["digest"] >= 8_000_000
    leaks = [row for row in rows if row.source == "memray leaks"]
    assert 0 < weights(leaks, "alloc").total() <= weights(peak, "alloc").total()
    assert "memray" in (gathered.cost or "")


@pytest.mark.optional("needs a debugger that may attach")
def test_a_process_that_does_nothing_lives_on(service: Burning, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """memray's debugger waits for an allocation; neither the run nor the service waits for it."""
    from loadstone.gather.profile import memory

    if missing := why_not_memray():
        pytest.skip(missing.reason)
    monkeypatch.setattr(memory, "WAIT_S", 0.01)
    gathered = profiled(stage, service.pids, lambda: debugging(service.pid), Profile(memory=True))
    assert any("allocated nothing" in missing.reason for missing in gathered.missing)
    assert service.ask("digest 0.01") == "done"
    assert service.ask("digest 0.01") == "done"
    assert service.process.poll() is None


def attaching(spool: Path) -> bool:
    """Whether ``memray attach`` is still at work: it ends when it is in."""
    return any("attach" in words and str(spool) in words for words in command_lines())


def debugging(pid: int) -> None:
    """Wait until a debugger holds the process."""
    deadline = time.monotonic() + 30
    while not any(f"-p {pid}" in words or f"attach {pid}" in words for words in command_lines() if "gdb" in words):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    deadline = time.monotonic() + 30
    while "TracerPid:\t0" in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def test_memory_without_a_debugger(service: Burning, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.gather.profile.memory.shutil.which", lambda name: None)
    monkeypatch.setattr("loadstone.gather.profile.memory.importlib.util.find_spec", lambda name: object())
    gathered = profiled(stage, service.pids, lambda: None, Profile(memory=True))
    assert "gdb or lldb" in gathered.missing[0].reason


@pytest.mark.optional("Node is not part of every machine")
def test_a_node_process_by_its_own_profiler(tmp_path: Path, stage: Stage, spun: Spun) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    (tmp_path / "spin.js").write_text(SPIN_JS)
    pids: set[int] = set()
    profile = Profile()
    start = profile.prepare(
        stage(lambda: pids), Start((node, str(tmp_path / "spin.js")), {"NODE_OPTIONS": "--no-warnings"})
    )
    assert start is not None
    assert start.env["NODE_OPTIONS"].startswith("--no-warnings --require")
    process = spun(*start.argv, env=start.env)
    pids.add(process.pid)
    profile.open()
    ask(process)
    profile.stop()
    process.terminate()
    assert process.wait() == -15  # the signal does what it would have done
    gathered = profile.close()
    assert gathered.missing == ()
    rows = rows_of(gathered)
    assert {row.source for row in rows} == {"node"}
    assert weights(rows, "cpu")["burn"] > 0.5 * weights(rows, "cpu").total()


@pytest.mark.optional("Node is not part of every machine")
def test_a_node_process_that_was_killed(tmp_path: Path, stage: Stage, spun: Spun) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    (tmp_path / "spin.js").write_text(SPIN_JS)
    pids: set[int] = set()
    profile = Profile()
    start = profile.prepare(stage(lambda: pids), Start((node, str(tmp_path / "spin.js")), {}))
    assert start is not None
    process = spun(*start.argv, env=start.env)
    pids.add(process.pid)
    profile.open()
    profile.stop()
    process.kill()
    process.wait()
    assert "killed" in profile.close().missing[0].reason


def test_the_hook_keeps_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=100")
    start = with_hook(Start(("npm", "start"), {"A": "1"}), tmp_path)
    assert start.argv == ("npm", "start")
    assert start.env["A"] == "1"
    assert start.env["NODE_OPTIONS"].startswith("--max-old-space-size=100 --require")


@pytest.mark.optional("a JDK is not part of every machine")
def test_a_jvm_by_its_flight_recorder(tmp_path: Path, stage: Stage, spun: Spun) -> None:
    java, jcmd = shutil.which("java"), shutil.which("jcmd")
    if java is None or jcmd is None:
        pytest.skip("needs a JDK")
    (tmp_path / "Spin.java").write_text(SPIN_JAVA)
    process = spun(java, str(tmp_path / "Spin.java"))
    before = time.time_ns()
    gathered = profiled(stage, lambda: {process.pid}, lambda: ask(process), Profile())
    after = time.time_ns()
    assert gathered.missing == ()
    rows = rows_of(gathered)
    assert any("Spin.main" in row.frames and "Spin.burn (Spin:" in row.frames for row in rows)
    assert all(row.at_ns is not None and before - 10**9 <= row.at_ns <= after for row in rows)
    assert {row.state for row in rows} == {"cpu"}


def test_a_flight_recording_as_text() -> None:
    text = """jdk.ExecutionSample {
  startTime = 23:59:59.900
  sampledThread = "http;nio-1" (javaThreadId = 31)
  state = "STATE_RUNNABLE"
  stackTrace = [
    com.shop.Cart.total(List, int) line: 88
    com.shop.Cart$Inner.<init>() line: 7
    java.lang.Thread.run()
    ...
  ]
}

jdk.ExecutionSample {
  startTime = 00:00:00.100 (2026-11-26)
  sampledThread = N/A
  stackTrace = N/A
}
"""
    near = 1_795_651_201_000_000_000  # 2026-11-26T00:00:01Z
    (row,) = samples(text.splitlines(keepends=True), 5, near)
    assert row.at_ns == near - 1_100_000_000
    assert row.thread_name == "http,nio-1"
    assert row.thread_id == 31
    assert row.frames == "java.lang.Thread.run;com.shop.Cart$Inner.<init> (Cart:7);com.shop.Cart.total (Cart:88)"
