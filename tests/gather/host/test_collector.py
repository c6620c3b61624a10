"""The sampler on the live machine: a busy process, one that dies while it is looked at, one that nobody knows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from loadstone.gather.collector import Collector, Gathered, Scene
from loadstone.gather.host import collector as module
from loadstone.gather.host.collector import HostMetrics
from loadstone.gather.host.sampler import Sampler
from loadstone.model.evidence import TABLES, Columns
from loadstone.model.host_metrics import METRICS
from loadstone.model.redaction import Redaction

pytestmark = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="this system has no /proc")

BUSY = "import sys\nsys.stdout.write('up')\nsys.stdout.flush()\nwhile True:\n  pass\n"


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    """A process that takes all the CPU it gets."""
    process = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.read(2) == b"up"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def scene(tmp_path: Path, pids: Callable[[], set[int]]) -> Scene:
    return Scene(spool=tmp_path, redaction=Redaction("0" * 32), pids=pids, generator=os.getpid())


def series(batches: Iterable[Columns]) -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for batch in batches:
        assert set(batch) == set(TABLES["host"])
        assert len({len(column) for column in batch.values()}) == 1
        for scope, metric, unit, detail, value in zip(
            batch["scope"], batch["metric"], batch["unit"], batch["detail"], batch["value"], strict=True
        ):
            assert METRICS[metric].unit == unit
            if detail is None:
                found[scope, metric].append(value)
    return found


def test_a_busy_process_is_seen_apart_from_the_generator(tmp_path: Path, busy: subprocess.Popen[bytes]) -> None:
    sampler = Sampler(lambda: {busy.pid}, lambda: {os.getpid()}, lambda: ())
    sampler.look()
    _wait_for_cpu(busy.pid)
    _take_cpu(0.05)  # /proc counts in hundredths
    sampler.look()
    found = series(sampler.rows.columns())
    (cores,) = found["service", "cpu_cores"]
    assert cores > 0
    assert found["service", "processes"] == [1]
    assert found["service", "rss_bytes"][0] > 1_000_000
    assert found["host", "cpu_busy_share"][0] > 0
    assert found["host", "memory_bytes"][0] > found["host", "memory_used_bytes"][0] > 0
    assert found["generator", "cpu_cores"][0] > 0
    assert found["service", "threads"] == [1]


def test_the_collector_from_its_beginning_to_its_end(tmp_path: Path, busy: subprocess.Popen[bytes]) -> None:
    host: Collector = HostMetrics(interval_s=0.05, receiver=os.getppid)
    assert host.prepare(scene(tmp_path, lambda: {busy.pid}), None) is None
    host.open()
    host.mark("steady")
    _wait_for_cpu(busy.pid)
    host.stop()
    gathered = host.close()
    (batch,) = gathered.tables["host"]
    assert "receiver" in set(batch["detail"])
    assert np.all(np.diff(batch["at_ns"]) >= 0)
    assert np.all(batch["span_ns"] > 0)
    assert gathered.cpu_s is not None
    assert gathered.cpu_s > 0
    assert not [one for one in gathered.missing if one.kind == "host: service"]


def test_a_service_that_dies_while_it_is_looked_at(tmp_path: Path, busy: subprocess.Popen[bytes]) -> None:
    sampler = Sampler(lambda: {busy.pid}, lambda: (), lambda: ())
    sampler.look()
    busy.kill()
    busy.wait()
    found: dict[tuple[str, str], list[float]] = {}
    while ("host", "cpu_busy_share") not in found:  # a share of CPU needs a tick of the clock between two looks
        sampler.look()
        found = series(sampler.rows.columns())
    assert ("service", "cpu_cores") not in found


def test_a_failure_is_kept_and_told(tmp_path: Path) -> None:
    def broken() -> set[int]:
        raise RuntimeError("the tree is on fire")

    host = HostMetrics(interval_s=0.01)
    host.prepare(scene(tmp_path, broken), None)
    host.open()
    host.stop()
    assert any("RuntimeError" in one.reason for one in host.close().missing)


def test_a_service_that_nobody_knows_is_missing(tmp_path: Path) -> None:
    host = HostMetrics(interval_s=0.01)
    host.prepare(scene(tmp_path, set), None)
    host.open()
    host.stop()
    gathered = host.close()
    assert [one.kind for one in gathered.missing if "processes are not known" in one.reason] == ["host: service"]
    assert ("generator", "rss_bytes") in series(gathered.tables["host"])


def test_without_proc_it_could_not_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROC", tmp_path)
    host = HostMetrics()
    host.prepare(scene(tmp_path, set), None)
    host.open()
    host.stop()
    gathered: Gathered = host.close()
    assert gathered.tables == {}
    assert "could not look" in gathered.missing[0].reason


def test_without_pressure_files_the_rest_is_there(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    proc.mkdir()
    for name in ("stat", "meminfo"):
        (proc / name).write_bytes((Path("/proc") / name).read_bytes())
    sampler = Sampler(set, set, set, proc=proc)
    sampler.look()
    sampler.look()
    assert {"pressure/cpu", "pressure/io", "pressure/memory", "net/dev"} <= sampler.unreadable
    assert ("host", "memory_bytes") in series(sampler.rows.columns())
    told = [one.kind for one in module._missing(sampler)]
    assert told == ["host: pressure", "host", "host: service"]


def test_a_network_namespace_of_its_own_is_told(tmp_path: Path) -> None:
    for pid, name in (("self", "net:[1]"), ("7", "net:[2]")):
        (tmp_path / pid / "ns").mkdir(parents=True)
        (tmp_path / pid / "ns/net").symlink_to(name)
    sampler = Sampler(lambda: {7}, set, set, proc=tmp_path)
    sampler.look()
    assert "host: network" in [one.kind for one in module._missing(sampler)]


def test_the_proportional_set_size_is_read_in_a_short_run_too(busy: subprocess.Popen[bytes]) -> None:
    sampler = Sampler(lambda: {busy.pid}, set, set)
    for _ in range(3):
        sampler.look()
    found = series(sampler.rows.columns())
    assert len(found["service", "pss_bytes"]) == 1
    assert 0 < found["service", "own_bytes"][0] < found["service", "rss_bytes"][0]
    assert 0 < found["service", "pss_bytes"][0] <= found["service", "rss_bytes"][0] * 1.5


def _take_cpu(seconds: float) -> None:
    """Be busy for so long by this process's own clock."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def _wait_for_cpu(pid: int) -> None:
    """Until it has taken 0.3 s by its own clock, however busy the machine is."""
    ticks = 0
    while ticks < 0.3 * os.sysconf("SC_CLK_TCK"):
        time.sleep(0.01)
        stat = Path(f"/proc/{pid}/stat").read_text()
        ticks = sum(map(int, stat[stat.rindex(")") + 2 :].split()[11:13]))
