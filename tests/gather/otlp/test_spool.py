"""The spool: whole frames come back, wherever it was cut off; a full disk leaves it as it was."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.otlp.spool import HEADER, JSON, PROTOBUF, Spool, SpoolFull, cut_torn, files

Frame = tuple[int, int, bytes]
FRAMES = st.lists(
    st.tuples(st.sampled_from([PROTOBUF, JSON]), st.integers(0, 2**64 - 1), st.binary(max_size=40)), max_size=8
)


def frames(path: Path) -> Iterator[Frame]:
    data, at = path.read_bytes(), 0
    while at < len(data):
        length, kind, zero, received_ns = HEADER.unpack_from(data, at)
        assert zero == 0
        at += HEADER.size + length
        assert at <= len(data)
        yield kind, received_ns, data[at - length : at]


@given(FRAMES, st.integers(1, 120))
def test_what_goes_in_comes_out_in_order_over_all_files(written: list[Frame], rotate: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        spool = Spool(Path(name), 1 << 20, rotate)
        for kind, received_ns, body in written:
            spool.append(kind, received_ns, body)
        spool.close()
        assert [frame for path in files(Path(name)) for frame in frames(path)] == written
        assert spool.bytes == sum(path.stat().st_size for path in files(Path(name)))


@given(FRAMES, st.data())
def test_a_torn_end_is_cut_and_whole_frames_stay(written: list[Frame], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        spool = Spool(Path(name), 1 << 20)
        ends = [0]
        for kind, received_ns, body in written:
            spool.append(kind, received_ns, body)
            ends.append(spool.bytes)
        spool.close()
        (path,) = files(Path(name))
        cut = data.draw(st.integers(0, spool.bytes))
        os.truncate(path, cut)
        whole = max(end for end in ends if end <= cut)
        assert cut_torn(path) == cut - whole
        assert list(frames(path)) == written[: ends.index(whole)]
        assert cut_torn(path) == 0


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    Spool(tmp_path, 100).close()
    (path,) = files(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.name == "otlp-000.spool"


def test_a_second_spool_goes_on_after_the_first(tmp_path: Path) -> None:
    Spool(tmp_path, 100).close()
    Spool(tmp_path, 100).close()
    assert [path.name for path in files(tmp_path)] == ["otlp-000.spool", "otlp-001.spool"]


def test_the_bound_refuses_what_does_not_fit_and_takes_what_does(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 2 * HEADER.size + 10)
    spool.append(PROTOBUF, 1, b"12345")
    with pytest.raises(SpoolFull, match=r"holds 19 bytes of at most 38"):
        spool.append(PROTOBUF, 2, b"123456")
    spool.append(PROTOBUF, 3, b"12345")
    spool.close()
    assert [at for _, at, _ in frames(files(tmp_path)[0])] == [1, 3]


def test_a_disk_that_fills_up_in_the_middle_of_a_frame_leaves_no_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, 1 << 20)
    spool.append(PROTOBUF, 1, b"first")

    def nearly_full(descriptor: int, parts: tuple[bytes, ...]) -> int:
        return os.write(descriptor, b"".join(parts)[:20])

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "writev", nearly_full)
        patched.setattr("loadstone.gather.otlp.spool._write_more", full)
        with pytest.raises(SpoolFull, match="No space left on device"):
            spool.append(PROTOBUF, 2, b"second" * 10)
    spool.append(PROTOBUF, 3, b"third")
    spool.close()
    assert [body for _, _, body in frames(files(tmp_path)[0])] == [b"first", b"third"]


@pytest.mark.parametrize("piece", [1, 13, 14, 15, 100])
def test_a_write_that_takes_a_part_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(os, "writev", lambda descriptor, parts: os.write(descriptor, b"".join(parts)[:piece]))
    spool = Spool(tmp_path, 1 << 20)
    spool.append(JSON, 7, b"body" * 50)
    spool.close()
    assert list(frames(files(tmp_path)[0])) == [(JSON, 7, b"body" * 50)]
