from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.frame import NO_FRAMES, frame_text, frames_of, join_frames, read_frame


@given(st.text(max_size=30), st.one_of(st.none(), st.text(max_size=20)), st.one_of(st.none(), st.integers(-2, 10**6)))
def test_a_frame_never_parts_a_stack(function: str, file: str | None, line: int | None) -> None:
    frame = frame_text(function, file, line)
    assert frame
    assert ";" not in frame
    assert len(frame.splitlines()) == 1
    assert frames_of(join_frames([frame, "leaf"])) == [frame, "leaf"]


@pytest.mark.parametrize(
    ("frame", "parts"),
    [
        ("load (lib/db.py:88)", ("load", "lib/db.py", 88)),
        ("load (libc.so.6)", ("load", "libc.so.6", None)),
        ("operator (int)", ("operator (int)", None, None)),
        ("f (x) (a.py:1)", ("f (x)", "a.py", 1)),
        ("main", ("main", None, None)),
    ],
)
def test_a_frame_is_read_again(frame: str, parts: tuple[str, str | None, int | None]) -> None:
    assert read_frame(frame) == parts


def test_a_stack_without_frames_is_no_empty_text() -> None:
    assert join_frames([]) == NO_FRAMES
