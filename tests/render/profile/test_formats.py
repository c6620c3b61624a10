"""Stacks in other tools' formats: what is written can be read again, by us and by the tools' own rules."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from loadstone.gather.profile.imports import read
from loadstone.gather.profile.rows import Row, batches
from loadstone.model.frame import clean, frame_text, join_frames
from loadstone.render.profile import collapsed, pprof, speedscope

T0 = 1_700_000_000_000_000_000


def row(frames: str, weight: int = 10_000_000, **other: object) -> Row:
    values: dict[str, Any] = {
        "at_ns": T0,
        "source": "py-spy",
        "process_pid": 12,
        "thread_id": 140_000_000_000_001,
        "thread_name": "MainThread",
        "state": "gil",
        "weight": weight,
        "unit": "ns",
        "frames": frames,
    }
    return Row(**{**values, **other})


ROWS = [
    row("main (a.py:3);load (lib/db.py:88)", 10_000_000),
    row("main (a.py:3);wait (a.py:9)", 20_000_000, state="idle", at_ns=T0 + 10_000_000),
    row("main (a.py:3);load (lib/db.py:88)", 5_000_000, at_ns=T0 + 30_000_000),
    row("main (a.py:3)", 7_000_000, process_pid=13, thread_id=None, thread_name=None, state="cpu"),
]

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).map(clean).filter(bool)
places = st.one_of(
    st.tuples(st.just(None), st.just(None)),
    st.tuples(st.sampled_from(["a.py", "lib/b c.py", "/x/[k].so"]), st.one_of(st.none(), st.integers(1, 9999))),
)
frames = st.tuples(names.filter(lambda name: not name.endswith(")")), places).map(
    lambda parts: frame_text(parts[0], parts[1][0], parts[1][1])
)
stacks = st.lists(frames, min_size=1, max_size=5).map(join_frames)
row_lists = st.lists(
    st.builds(
        row,
        stacks,
        st.integers(1, 10**12),
        at_ns=st.integers(T0, T0 + 10**10),
        process_pid=st.one_of(st.none(), st.integers(1, 2**31 - 1)),
        thread_id=st.one_of(st.none(), st.integers(1, 2**63 - 1)),
        thread_name=st.one_of(st.none(), names),
        state=st.sampled_from(["cpu", "gil", "idle"]),
        source=st.sampled_from(["py-spy", "perf"]),
    ),
    min_size=1,
    max_size=20,
)


def read_back(tmp_path: Path, content: str | bytes, format: str) -> list[Row]:
    path = tmp_path / "profile"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = []
    for batch in read(path, format):
        lists = [np.ma.asarray(batch[name]).tolist() for name in Row._fields]
        found += [Row(*values) for values in zip(*lists, strict=True)]
    return found


def added(rows: Iterable[Row], *columns: str) -> Counter[tuple[object, ...]]:
    total: Counter[tuple[object, ...]] = Counter()
    for each in rows:
        total[tuple(getattr(each, column) for column in columns)] += each.weight
    return total


WHOLE = ("source", "process_pid", "thread_id", "thread_name", "state", "unit", "frames")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@example([row("#load (app.py:9)", 7)])
@given(row_lists)
def test_what_is_written_is_read_again(tmp_path: Path, rows: list[Row]) -> None:
    assert added(read_back(tmp_path, collapsed(batches(rows)), "collapsed"), "frames") == added(rows, "frames")
    assert added(read_back(tmp_path, speedscope(batches(rows)), "speedscope"), *WHOLE) == added(rows, *WHOLE)
    assert added(read_back(tmp_path, pprof(batches(rows)), "pprof"), *WHOLE) == added(rows, *WHOLE)


@given(row_lists, st.randoms())
def test_the_order_of_the_rows_does_not_matter(rows: list[Row], chance: Any) -> None:  # noqa: ANN401
    other = list(rows)
    chance.shuffle(other)
    assert pprof(batches(other)) == pprof(batches(rows))
    assert collapsed(batches(other)) == collapsed(batches(rows))


def test_collapsed_as_text() -> None:
    assert collapsed(batches(ROWS)) == (
        "main (a.py:3) 7000000\nmain (a.py:3);load (lib/db.py:88) 15000000\nmain (a.py:3);wait (a.py:9) 20000000\n"
    )


def test_seconds_and_bytes_are_not_added_up() -> None:
    memory = [
        row("main", 100, unit="bytes", state="alloc", source="memray"),
        row("main", 60, unit="bytes", state="alloc", source="memray leaks"),
    ]
    assert collapsed(batches([*ROWS, memory[0]])) == collapsed(batches(ROWS))
    assert collapsed(batches(memory)) == "main 100\n"


def test_nothing_gives_an_empty_file(tmp_path: Path) -> None:
    assert collapsed([]) == ""
    assert json.loads(speedscope([]))["profiles"] == []
    assert read_back(tmp_path, pprof([]), "pprof") == []


# What speedscope's published schema (file-format-schema.json, of FileFormat.File) demands of a sampled profile.
SCHEMA = {
    "type": "object",
    "required": ["$schema", "profiles", "shared"],
    "properties": {
        "$schema": {"enum": ["https://www.speedscope.app/file-format-schema.json"]},
        "activeProfileIndex": {"type": "number"},
        "exporter": {"type": "string"},
        "name": {"type": "string"},
        "shared": {
            "type": "object",
            "required": ["frames"],
            "properties": {
                "frames": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {
                            "name": {"type": "string"},
                            "file": {"type": "string"},
                            "line": {"type": "number"},
                            "col": {"type": "number"},
                        },
                    },
                }
            },
        },
        "profiles": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["endValue", "name", "samples", "startValue", "type", "unit", "weights"],
                "properties": {
                    "type": {"enum": ["sampled"]},
                    "name": {"type": "string"},
                    "unit": {"enum": ["bytes", "microseconds", "milliseconds", "nanoseconds", "none", "seconds"]},
                    "startValue": {"type": "number"},
                    "endValue": {"type": "number"},
                    "samples": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
                    "weights": {"type": "array", "items": {"type": "number"}},
                },
            },
        },
    },
}


def test_speedscope_by_its_schema() -> None:
    document = json.loads(speedscope(batches(ROWS), "run 7f3a"))
    jsonschema.validate(document, SCHEMA)
    assert document["name"] == "run 7f3a"
    assert [profile["name"] for profile in document["profiles"]] == [
        "py-spy cpu Process 13",
        'py-spy gil Process 12 Thread 140000000000001 "MainThread"',
        'py-spy idle Process 12 Thread 140000000000001 "MainThread"',
    ]
    assert document["profiles"][1]["weights"] == [15_000_000]  # equal neighbours of one thread
    assert {"name": "load", "file": "lib/db.py", "line": 88} in document["shared"]["frames"]
    for profile in document["profiles"]:
        assert profile["endValue"] == sum(profile["weights"])


def pprof_message() -> Any:  # noqa: ANN401
    """google/pprof's Profile, as proto/profile.proto declares it, for protobuf's own decoder."""
    file = descriptor_pb2.FileDescriptorProto(name="profile.proto", package="perftools.profiles", syntax="proto3")
    shapes = {
        "ValueType": ["type:3", "unit:3"],
        "Label": ["key:3", "str:3", "num:3", "num_unit:3"],
        "Sample": ["*location_id:4", "*value:3", "*label:Label"],
        "Mapping": [
            "id:4", "memory_start:4", "memory_limit:4", "file_offset:4", "filename:3", "build_id:3",
            "has_functions:8", "has_filenames:8", "has_line_numbers:8", "has_inline_frames:8",
        ],
        "Line": ["function_id:4", "line:3", "column:3"],
        "Location": ["id:4", "mapping_id:4", "address:4", "*line:Line", "is_folded:8"],
        "Function": ["id:4", "name:3", "system_name:3", "filename:3", "start_line:3"],
        "Profile": [
            "*sample_type:ValueType", "*sample:Sample", "*mapping:Mapping", "*location:Location", "*function:Function",
            "*string_table:9", "drop_frames:3", "keep_frames:3", "time_nanos:3", "duration_nanos:3",
            "period_type:ValueType", "period:3", "*comment:3", "default_sample_type:3",
        ],
    }  # fmt: skip
    for name, fields in shapes.items():
        message = file.message_type.add(name=name)
        for number, field in enumerate(fields, 1):
            label, kind = field.lstrip("*").split(":")
            made: Any = message.field.add(name=label, number=number, label=3 if field.startswith("*") else 1)
            if kind.isdigit():
                made.type = int(kind)
            else:
                made.type, made.type_name = 11, f".perftools.profiles.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("perftools.profiles.Profile"))


def test_pprof_by_protobufs_own_decoder() -> None:
    profile = pprof_message()()
    profile.ParseFromString(gzip.decompress(pprof(batches(ROWS))))
    texts = profile.string_table
    assert texts[0] == ""
    assert [(texts[kind.type], texts[kind.unit]) for kind in profile.sample_type] == [
        ("samples", "count"),
        ("cpu", "nanoseconds"),
    ]
    assert texts[profile.default_sample_type] == "cpu"
    assert profile.time_nanos == T0
    functions = {function.id: function for function in profile.function}
    locations = {location.id: location for location in profile.location}
    found = {}
    for sample in profile.sample:
        labels = {texts[label.key]: texts[label.str] or label.num for label in sample.label}
        leaf = locations[sample.location_id[0]].line[0]
        function = functions[leaf.function_id]
        found[labels["state"]] = (texts[function.name], texts[function.filename], leaf.line, list(sample.value), labels)
    assert found["gil"][:4] == ("load", "lib/db.py", 88, [2, 15_000_000])
    assert found["gil"][4]["pid"] == 12
    assert found["gil"][4]["thread_id"] == 140_000_000_000_001
    assert found["gil"][4]["thread_name"] == "MainThread"
    assert found["cpu"][4] == {"source": "py-spy", "state": "cpu", "pid": 13}
    assert {mapping.id for mapping in profile.mapping} == {location.mapping_id for location in profile.location}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data())
def test_pprof_as_protobuf_writes_it(tmp_path: Path, data: st.DataObject) -> None:
    """The decoder against protobuf's own encoder: packed and inlined, default and last value, both units."""
    profile = pprof_message()()
    texts = ["", "cpu", "nanoseconds", "microseconds", "samples", "count", "main", "a.py", "inlined", "b.py"]
    profile.string_table.extend(texts)
    unit = data.draw(st.sampled_from([2, 3]))
    profile.sample_type.add(type=1, unit=unit)
    profile.sample_type.add(type=4, unit=5)
    profile.default_sample_type = data.draw(st.sampled_from([0, 1, 4]))
    profile.time_nanos = T0
    profile.function.add(id=5, name=6, filename=7)
    profile.function.add(id=6, name=8, filename=9)
    profile.location.add(id=1).line.add(function_id=5, line=3)
    inlined = profile.location.add(id=2)
    inlined.line.add(function_id=6, line=4)
    inlined.line.add(function_id=5, line=8)
    profile.location.add(id=3, address=0xBEEF)
    chains = data.draw(st.lists(st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=4), min_size=1, max_size=6))
    for chain in chains:
        sample = profile.sample.add(location_id=chain, value=[7, 2])
        sample.label.add(key=4, num=9)
    text = {1: ["main (a.py:3)"], 2: ["main (a.py:8)", "inlined (b.py:4)"], 3: ["0xbeef"]}
    content = profile.SerializeToString()
    found = read_back(tmp_path, gzip.compress(content) if data.draw(st.booleans()) else content, "pprof")
    by_time = profile.default_sample_type == 1
    assert [each.frames for each in found] == [
        ";".join(frame for place in reversed(chain) for frame in text[place]) for chain in chains
    ]
    assert {each.weight for each in found} == {7 * (1 if unit == 2 else 1000) if by_time else 2}
    assert {each.unit for each in found} == {"ns" if by_time else "samples"}


@pytest.mark.optional("Go is not part of every machine")
def test_pprof_by_go(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs go")
    path = tmp_path / "profile.pb.gz"
    path.write_bytes(pprof(batches(ROWS)))
    command = [go, "tool", "pprof", "-top", "-lines", "-tagfocus", "state=gil", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=None)
    if "no such tool" in done.stderr:
        pytest.skip("this go has no pprof")
    assert done.returncode == 0, done.stderr
    assert "Type: cpu" in done.stdout
    assert "15ms" in done.stdout
    assert "load lib/db.py:88" in done.stdout
