"""Profiles of other tools: what is read, and how a file that is none is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadstone.errors import SpecError
from loadstone.gather.profile.imports import FORMATS, read
from loadstone.gather.profile.rows import Row


def rows(path: Path, format: str) -> list[Row]:
    found = []
    for batch in read(path, format):
        lists = [np.ma.asarray(batch[name]).tolist() for name in Row._fields]
        found += [Row(*values) for values in zip(*lists, strict=True)]
    return found


def written(tmp_path: Path, content: str | bytes | dict[str, Any]) -> Path:
    path = tmp_path / "profile"
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path: Path, format: str) -> str:
    with pytest.raises(SpecError) as error:
        rows(path, format)
    return str(error.value)


def test_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="collapsed, speedscope, pprof, perf script, cpuprofile"):
        read(tmp_path / "x", "svg")


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_is_not_there(tmp_path: Path, format: str) -> None:
    assert "No such file" in refused(tmp_path / "none", format)


@pytest.mark.parametrize("format", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
def test_garbage_is_read_or_refused_never_crashes(tmp_path: Path, format: str, garbage: bytes) -> None:
    path = written(tmp_path, garbage)
    try:
        rows(path, format)
    except SpecError as error:
        assert str(path) in str(error)


def test_collapsed(tmp_path: Path) -> None:
    path = written(tmp_path, "# made by hand\nmain (a.py:1);load x (a.py:9) 17\n\nmain 2\n")
    found = rows(path, "collapsed")
    assert [(row.frames, row.weight, row.unit, row.at_ns) for row in found] == [
        ("main (a.py:1);load x (a.py:9)", 17, "samples", None),
        ("main", 2, "samples", None),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [("main;f 3\nmain;f\n", 2), ("main;f x\n", 1), ("main 3.5\n", 1), ("7\n", 1), ("f " + "9" * 30, 1)],
)
def test_collapsed_refused(tmp_path: Path, text: str, line: int) -> None:
    path = written(tmp_path, text)
    assert f"{path}:{line}: " in refused(path, "collapsed")


SPEEDSCOPE: dict[str, Any] = {
    "$schema": "https://www.speedscope.app/file-format-schema.json",
    "shared": {"frames": [{"name": "main", "file": "a.py", "line": 3}, {"name": "load"}]},
    "profiles": [
        {
            "type": "sampled",
            "name": 'Process 12 Thread 34 "Main;Thread"',
            "unit": "seconds",
            "startValue": 0,
            "endValue": 1,
            "samples": [[0, 1], [0]],
            "weights": [0.01, 0.02],
        },
        {
            "type": "evented",
            "name": "main.js",
            "unit": "milliseconds",
            "startValue": 0,
            "endValue": 10,
            "events": [
                {"type": "O", "at": 0, "frame": 0},
                {"type": "O", "at": 2, "frame": 1},
                {"type": "C", "at": 5, "frame": 1},
                {"type": "C", "at": 9, "frame": 0},
            ],
        },
    ],
}


def test_speedscope(tmp_path: Path) -> None:
    found = rows(written(tmp_path, SPEEDSCOPE), "speedscope")
    assert [(row.process_pid, row.thread_id, row.thread_name, row.weight, row.frames) for row in found] == [
        (12, 34, "Main,Thread", 10_000_000, "main (a.py:3);load"),
        (12, 34, "Main,Thread", 20_000_000, "main (a.py:3)"),
        (None, None, "main.js", 2_000_000, "main (a.py:3)"),
        (None, None, "main.js", 3_000_000, "main (a.py:3);load"),
        (None, None, "main.js", 4_000_000, "main (a.py:3)"),
    ]


def changed(**profile: object) -> dict[str, Any]:
    return {**SPEEDSCOPE, "profiles": [{**SPEEDSCOPE["profiles"][0], **profile}]}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (changed(weights=[1.0]), "2 samples and 1 weights"),
        (changed(samples=[[0, 7], [0]]), "places in shared.frames, which has 2"),
        (changed(weights=[-1.0, 1.0]), "finite number"),
        (changed(weights=[1e300, 1.0]), "finite number"),
        (changed(type="flame"), "profiles[0].type"),
        (changed(type="evented", events=[{"type": "C", "at": 1, "frame": 0}]), "closes 0"),
        (changed(type="evented", events=[{"type": "O", "at": 1, "frame": 0}]), "open at the end"),
        (
            changed(type="evented", events=[{"type": "O", "at": 2, "frame": 0}, {"type": "C", "at": 1, "frame": 0}]),
            "in order",
        ),
        ({"profiles": []}, "shared"),
    ],
)
def test_speedscope_refused(tmp_path: Path, document: dict[str, Any], words: str) -> None:
    assert words in refused(written(tmp_path, document), "speedscope")


PERF = """# ========
# cmdline : perf record -g
gunicorn: worke 4711/4712 [001] 3120.072449:   10101010 cpu-clock:
\t            113f inner+0x1f (/srv/app (deleted))
\t           11db main (/srv/app)
\tffffffff81000000 [unknown] ([kernel.kallsyms])

java  55  12.500000: cycles:u:  7f01 Lcom/shop/Cart;::total (/tmp/perf-55.map)

swapper     0/0     7.000001:          1 sched:sched_switch: prev_comm=swapper
"""


def test_perf_script(tmp_path: Path) -> None:
    first, second, third = rows(written(tmp_path, PERF), "perf script")
    assert first.frames == "[unknown] ([kernel.kallsyms]);main (app);inner (app (deleted))"
    assert (first.process_pid, first.thread_id, first.thread_name) == (4711, 4712, "gunicorn: worke")
    assert (first.weight, first.unit, first.at_ns) == (10_101_010, "ns", None)
    assert (second.frames, second.weight, second.unit) == ("Lcom/shop/Cart,::total (perf-55.map)", 1, "samples")
    assert (third.weight, third.frames) == (1, "(no frames)")


def test_perf_script_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "spin 1/1 1.000000: 10 cpu-clock:\n\t 113f inner (/x)\n\n<html>\n")
    assert f"{path}:4: " in refused(path, "perf script")
    path = written(tmp_path, "spin 1/1 1.000000: 10 cpu-clock:\n\t no address\n")
    assert f"{path}:2: " in refused(path, "perf script")


def node(id: int, name: str, line: int, *children: int) -> dict[str, Any]:
    frame = {"functionName": name, "url": "file:///srv/app.js", "lineNumber": line, "columnNumber": 0}
    return {"id": id, "callFrame": frame, "children": list(children)}


CPUPROFILE: dict[str, Any] = {
    "nodes": [node(1, "(root)", -1, 2, 3), node(2, "", 4, 4), node(3, "(idle)", -1), node(4, "burn", 9)],
    "startTime": 1000,
    "endTime": 1100,
    "samples": [4, 4, 3, 2],
    "timeDeltas": [10, 20, 30, 15],
}


def test_cpuprofile(tmp_path: Path) -> None:
    found = rows(written(tmp_path, CPUPROFILE), "cpuprofile")
    assert [(row.state, row.weight, row.frames) for row in found] == [
        ("cpu", 20_000, "(anonymous) (/srv/app.js:5);burn (/srv/app.js:10)"),
        ("cpu", 30_000, "(anonymous) (/srv/app.js:5);burn (/srv/app.js:10)"),
        ("idle", 15_000, "(idle) (/srv/app.js)"),
        ("cpu", 25_000, "(anonymous) (/srv/app.js:5)"),
    ]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({**CPUPROFILE, "samples": [4]}, "1 samples and 4 timeDeltas"),
        ({**CPUPROFILE, "samples": [9, 4, 3, 2]}, "node 9"),
        ({**CPUPROFILE, "nodes": [node(4, "f", 1, 2), node(2, "g", 1, 4), node(3, "h", 1)]}, "above itself"),
        ({"samples": []}, "nodes"),
    ],
)
def test_cpuprofile_refused(tmp_path: Path, document: dict[str, Any], words: str) -> None:
    assert words in refused(written(tmp_path, document), "cpuprofile")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x1f\x8b\x08\x00cut", "not whole"),
        (gzip.compress(b"\x0a\xff"), "byte 1: a number that is cut off"),
        (b"\x0a\x05ab", "field 1 of 5 bytes, of which 2 are there"),
        (b"\x03", "with number 0"),
        (b"", "no sample_type"),
        (b"\x08" + b"\xff" * 11, "more than 10 bytes"),
        (b"\x0a\x00\x12\x00", "a sample with 0 values"),
        (b"\x0a\x00\x12\x04\x08\x05\x10\x01", "location 5"),
    ],
)
def test_pprof_refused(tmp_path: Path, content: bytes, words: str) -> None:
    said = refused(written(tmp_path, content), "pprof")
    assert words in said
