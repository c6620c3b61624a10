"""Operations that differ between the sides, and how they are told."""

from __future__ import annotations

import pytest

from loadstone.prove.moved import MOST, cut, matched, moved, times_told
from tests.prove.made import STATEMENT, counted, operation


def test_a_statement_that_is_new() -> None:
    (one,) = moved(counted(), counted(operations=[operation(1.0, 0.0012)], side="B"))
    assert (one.a, one.b, one.a_s, one.b_s) == (0.0, 1.0, 0.0, 0.0012)
    assert one.sentence == f"{STATEMENT} went from 0 to 1 a request of browse.detail, 1.20 ms more"
    assert one.where == "shop/views.py:88"


def test_a_statement_that_is_gone() -> None:
    (one,) = moved(counted(operations=[operation(11.4, 0.02)]), counted(side="B"))
    assert one.sentence.endswith("went from 11.4 to 0 a request of browse.detail, 20.0 ms less")


def test_what_is_the_same_is_not_told() -> None:
    same = counted(operations=[operation(1.0, 0.001)])
    assert moved(same, counted(operations=[operation(1.004, 0.00104)], side="B")) == ()


def test_a_longer_time_is_told_beyond_both_intervals() -> None:
    def longer(b: float, wide: float) -> int:
        sides = [
            counted(operations=[operation(1.0, took, low_s=took / wide, high_s=took * wide)], side=side)
            for side, took in (("A", 0.001), ("B", b))
        ]
        return len(moved(*sides))

    assert (longer(0.002, 1.1), longer(0.002, 3.0), longer(0.0012, 1.01), longer(0.00102, 1.001)) == (1, 0, 0, 0)


def test_the_same_statement_from_another_line_is_the_same() -> None:
    a = counted(operations=[operation(3.0, 0.003)])
    b = counted(operations=[operation(3.0, 0.003, where="shop/lists.py:12")], side="B")
    assert moved(a, b) == ()


def test_several_lines_are_one() -> None:
    a = counted(operations=[operation(40.0, 0.04), operation(3.0, 0.003, where="shop/lists.py:12")])
    b = counted(operations=[operation(40.0, 0.04)], side="B")
    (both,) = matched(a, b).values()
    assert both[0] is not None
    assert (both[0].per_request, both[0].where) == (43.0, "shop/views.py:88")
    assert both[0].s_per_request == pytest.approx(0.043)
    (one,) = moved(a, b)
    assert "went from 43 to 40 a request" in one.sentence


def test_without_a_number_the_time_is_told() -> None:
    a = counted(operations=[operation(None, 0.001, label="render", family="function", key="")])
    (one,) = moved(a, counted(operations=[operation(None, 0.004, label="render", family="function", key="")], side="B"))
    assert one.sentence == "render went from 1.00 ms to 4.00 ms a request of browse.detail, 3.00 ms more"
    assert (one.a, one.b) == (None, None)


def test_the_costliest_come_first_and_not_all() -> None:
    many = [operation(1.0, 0.001 * at, label=f"SELECT {at}", key=f"{at}") for at in range(1, 30)]
    found = moved(counted(), counted(operations=many, side="B"))
    assert len(found) == MOST
    assert [one.b_s for one in found] == sorted((one.b_s for one in found), reverse=True)


def test_labels_are_cut_in_sentences_alone() -> None:
    long = "SELECT " + "x, " * 200
    (one,) = moved(counted(), counted(operations=[operation(1.0, 0.001, label=long)], side="B"))
    assert one.label == long
    assert len(one.sentence) < 150
    assert cut("a \n b") == "a b"


def test_numbers_as_a_reader_writes_them() -> None:
    assert [times_told(value) for value in (None, 0.0, 2.0, 1_200.0, 2.17, 0.013)] == [
        "0",
        "0",
        "2",
        "1,200",
        "2.17",
        "0.0130",
    ]
