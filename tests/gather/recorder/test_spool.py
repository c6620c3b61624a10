"""The spool on its own: what is written comes back, whatever happens to the process, its descriptors or its files."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.recorder.inject._loadstone_recorder import layout
from loadstone.gather.recorder.inject._loadstone_recorder.spool import Spool
from loadstone.gather.recorder.reading import DTYPE, ProcessSpool, read
from tests.gather.recorder.serving import run


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool()
    made.start(str(tmp_path))
    yield made
    _close(made)


def _close(spool: Spool) -> None:
    spool.page = spool.text_memory = None
    spool.now = (None, spool.now[1], 0)
    for file in (spool.spans, spool.texts):
        if file is not None:
            file.leave()


def _write(spool: Spool, count: int, statement: int = 0) -> None:
    for number in range(count):
        segment = spool.now
        memory, place = segment[0], segment[1]()
        if place >= segment[2]:
            memory, place = spool.grow(segment)
            if memory is None:
                continue
        values = [0] * len(layout.FIELDS)
        values[0], values[1], values[11], values[-1] = number + 1, number + 2, statement, 1
        values[3] = bytes(16)  # type: ignore[call-overload]
        layout.RECORD.pack_into(memory, place * layout.RECORD.size, *values)


def _only(folder: Path) -> ProcessSpool:
    found, refused = read(folder)
    assert refused == []
    assert len(found) == 1
    return found[0]


def _starts(process: ProcessSpool) -> list[int]:
    return [start for records, _ in process.records() for start in records["start"].tolist()]


def test_a_record_is_two_cache_lines_and_ends_with_its_commit() -> None:
    assert layout.RECORD.size == DTYPE.itemsize == 128
    assert layout.FIELDS[-1][0] == "done"
    assert layout.FIRST_SEGMENT % layout.RECORD.size == layout.SEGMENT % layout.RECORD.size == 0


def test_both_ways_of_packing_a_record_are_read_back_the_same() -> None:
    """Field by field, whatever codes this machine packs them with; what a leaf does not say is 0."""
    values = {
        name: b"0123456789abcdef" if code == "16s" else 201 + n for n, (name, _, code) in enumerate(layout.FIELDS)
    }
    whole, leaf = bytearray(b"\xff" * 128), bytearray(b"\xff" * 128)
    layout.RECORD.pack_into(whole, 0, *values.values())
    layout.LEAF.pack_into(leaf, 0, *(value for name, value in values.items() if name in layout.LEAF_FIELDS))
    assert layout.LEAF.size == layout.RECORD.size
    for name, value in values.items():
        expected = value if isinstance(value, int) else int.from_bytes(value, "big")
        read = [np.frombuffer(bytes(each), DTYPE)[0][name] for each in (whole, leaf)]
        told = [int.from_bytes(each.tobytes(), "big") if each.dtype.kind == "V" else int(each) for each in read]
        assert told == [expected, expected if name in layout.LEAF_FIELDS else 0], name


def test_records_fill_segment_after_segment(spool: Spool, tmp_path: Path) -> None:
    room = layout.FIRST_SEGMENT // layout.RECORD.size + layout.SEGMENT // layout.RECORD.size
    _write(spool, room + 10)
    process = _only(tmp_path)
    assert _starts(process) == list(range(1, room + 11))
    assert [torn for _, torn in process.records()] == [0, 0, 0]


@given(st.lists(st.text(max_size=300), max_size=30))
def test_texts_come_back_by_their_numbers(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool()
        spool.start(folder)
        numbers = [spool.text(text) for text in texts]
        process = _only(Path(folder))
        for text, number in zip(texts, numbers, strict=True):
            # A lone surrogate cannot be in UTF-8; an empty text is none.
            expected = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
            assert process.text(number) == ((expected, False) if text else None)
        _close(spool)


def test_a_long_text_is_clipped_and_said_to_be(spool: Spool, tmp_path: Path) -> None:
    number = spool.text("é" * (layout.CLIP + 1))
    exact = spool.text("é" * layout.CLIP)
    process = _only(tmp_path)
    assert process.text(number) == ("é" * layout.CLIP, True)
    assert process.text(exact) == ("é" * layout.CLIP, False)


def test_texts_beyond_what_is_remembered_are_still_written(spool: Spool, tmp_path: Path) -> None:
    texts = [f"select {number:0200d}" for number in range(45_000)]  # more characters than are remembered
    numbers = [spool.text(text) for text in texts]
    assert spool.characters <= 8 << 20
    process = _only(tmp_path)
    assert [process.text(number) for number in numbers[::500]] == [(text, False) for text in texts[::500]]


def test_what_a_killed_process_left_half_written_is_torn(spool: Spool, tmp_path: Path) -> None:
    _write(spool, 5)
    process = _only(tmp_path)
    with process.path.open("r+b") as file:
        for place in (2, 4):
            file.seek(layout.HEADER + place * 128 + 127)
            file.write(b"\0")
    records, torn = next(process.records())
    assert records["start"].tolist() == [1, 2, 4]
    assert torn == 2


def test_at_its_limit_it_counts_what_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOADSTONE_RECORDER_LIMIT", str(layout.HEADER + layout.FIRST_SEGMENT))
    spool = Spool()
    spool.start(str(tmp_path))
    room = layout.FIRST_SEGMENT // layout.RECORD.size
    _write(spool, room + 7)
    process = _only(tmp_path)
    assert len(_starts(process)) == room
    assert process.lost == 7
    _close(spool)


def test_a_full_disk_ends_the_recording_and_not_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool()
    spool.start(str(tmp_path))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    _write(spool, layout.FIRST_SEGMENT // layout.RECORD.size + 3)
    assert _only(tmp_path).lost == 3
    _close(spool)


def test_files_are_their_owners_alone(spool: Spool, tmp_path: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_descriptors_that_the_service_closed_and_reused_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(f"""
import os, sys, sqlite3
db = sqlite3.connect(":memory:")
before = db.execute("select 1").fetchone()
os.closerange(3, 100)  # as a service does that becomes a daemon
kept = [os.open("kept%d" % number, os.O_RDWR | os.O_CREAT) for number in range(20)]
for descriptor in kept:
    os.write(descriptor, b"mine")
db = sqlite3.connect(":memory:")
for number in range({layout.FIRST_SEGMENT // 128 + 2 * layout.SEGMENT // 128}):
    db.execute("select 1")
if os.fork() == 0:
    db.execute("select 1")
    for descriptor in kept:
        assert os.pread(descriptor, 4, 0) == b"mine"
    os._exit(0)
assert os.wait()[1] == 0
for descriptor in kept:
    assert os.pread(descriptor, 4, 0) == b"mine" and os.fstat(descriptor).st_size == 4
print("fine")
""")
    _, told = run([sys.executable, "program.py"], tmp_path)
    assert told == "fine\n"
    found, _ = read(tmp_path / "spool")
    counts = sorted(sum(len(records) for records, _ in process.records()) for process in found)
    assert len(counts) == 2
    assert counts[0] >= 1
    assert counts[1] >= layout.FIRST_SEGMENT // 128 + 2 * layout.SEGMENT // 128


def test_a_child_understands_the_numbers_that_it_inherited(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("""
import os, sqlite3
db = sqlite3.connect(":memory:")
def ask(text):
    return db.execute(text).fetchone()
ask("select 'parent'")
for depth in range(3):
    if os.fork():
        os.wait()
        os._exit(0)
    ask("select 'parent'")
    ask("select 'child %d'" % depth)
""")
    run([os.environ.get("PYTHON", sys.executable), "program.py"], tmp_path)
    found, _ = read(tmp_path / "spool")
    told = {
        tuple(text[0] for number in records["statement"].tolist() if (text := process.text(number)))
        for process in found
        for records, _ in process.records()
    }
    assert told == {
        ("select 'parent'",),
        ("select 'parent'", "select 'child 0'"),
        ("select 'parent'", "select 'child 1'"),
        ("select 'parent'", "select 'child 2'"),
    }
    libraries = [[fact["library"] for fact in process.facts()] for process in found]
    assert all("sqlite3" in each for each in libraries)
    spans = np.concatenate([records["span"] for process in found for records, _ in process.records()])
    assert len(np.unique(spans[spans != 0])) == np.count_nonzero(spans)


@given(st.binary(max_size=200), st.integers(0, layout.HEADER + layout.FIRST_SEGMENT), st.integers(0, 200))
def test_a_damaged_spool_is_read_as_far_as_it_goes_or_refused(damage: bytes, place: int, cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool()
        spool.start(folder)
        number = spool.text("select 1")
        spool.fact({"library": "x"})
        _write(spool, 20, number)
        _close(spool)
        for path in Path(folder).iterdir():
            data = bytearray(path.read_bytes())
            at = place % len(data)
            data[at : at + len(damage)] = damage
            path.write_bytes(bytes(data[: len(data) - cut * 997 % len(data)]))
        found, refused = read(Path(folder))
        assert len(found) + len(refused) == 1
        for process in found:
            for records, torn in process.records():
                assert torn >= 0
                for each in records["statement"].tolist():
                    process.text(each)
                    process.literal(each)
            list(process.facts())
