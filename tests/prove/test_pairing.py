"""Runs in pairs: which stand, which are left out, and why."""

from __future__ import annotations

import random

from loadstone.prove.pairing import paired
from tests.prove.made import Changed, caveat, pairs, side_run


def test_pairs_are_found_whatever_the_order_of_the_runs() -> None:
    runs = pairs(8)
    random.Random(1).shuffle(runs)
    found = paired(runs)
    assert [pair.number for pair in found.judged] == [*range(8)]
    assert all((pair.a.side, pair.b.side, pair.a.pair) == ("A", "B", pair.b.pair) for pair in found.whole)
    assert [row.order for row in found.rows()] == [
        "AB" if pair.a.place < pair.b.place else "BA" for pair in found.whole
    ]


def test_a_run_without_a_partner_is_no_pair() -> None:
    found = paired(pairs(6)[:-1])
    assert len(found.whole) == 5
    assert [run.pair for run in found.single] == [5]
    assert paired([]).whole == ()


def test_a_disturbed_run_leaves_its_pair_out_with_its_reason() -> None:
    found = paired(pairs(6, changed={(2, "B"): {"caveats": (caveat(),)}}))
    assert [pair.number for pair in found.judged] == [0, 1, 3, 4, 5]
    assert found.rows()[2].left_out == "B: The host was under pressure."


def test_only_a_doubt_of_what_is_compared_disturbs() -> None:
    for level, code, metrics in (
        ("note", "host-pressure", ("latency",)),
        ("doubt", "instrumented", ("latency",)),
        ("doubt", "clipped", ("memory",)),
    ):
        found = paired(pairs(6, changed={(2, "A"): {"caveats": (caveat(level, code, metrics),)}}))
        assert len(found.judged) == 6
    assert len(paired(pairs(6, changed={(2, "A"): {"caveats": (caveat(metrics=()),)}})).judged) == 5


def test_a_run_beside_which_others_took_the_machine_leaves_its_pair_out() -> None:
    filled: Changed = {(at, side): {"others_share": 0.9 if at >= 4 else 0.1} for at in range(6) for side in "AB"}
    found = paired(pairs(6, changed=filled))
    assert [pair.number for pair in found.judged] == [0, 1, 2, 3]
    told = "Other processes took 90.0 % of the machine's CPU time, 10.0 % in the side's quietest run."
    assert found.rows()[4].left_out == f"A: {told}"


def test_what_is_always_beside_a_side_is_no_disturbance() -> None:
    """A database that A asks more of than B, and a machine that cannot tell."""
    steady: Changed = {(at, side): {"others_share": 0.7 if side == "A" else 0.1} for at in range(6) for side in "AB"}
    assert len(paired(pairs(6, changed=steady)).judged) == 6
    unknown: Changed = {(at, "A"): {"others_share": None if at else 0.9} for at in range(6)}
    assert len(paired(pairs(6, changed=unknown)).judged) == 6


def test_what_others_took_is_not_laid_at_the_door_of_a_side() -> None:
    """B's runs alone are beside others, and late: without the others its pairs would be kept."""
    late = caveat("doubt", "late-schedule")
    alone: Changed = {(at, "B"): {"caveats": (late,)} for at in range(1, 5)}
    assert paired(pairs(6, changed=alone)).leaning == "B"
    beside: Changed = {key: {**told, "others_share": 0.8} for key, told in alone.items()}
    found = paired(pairs(6, changed=beside | {(0, "B"): {"others_share": 0.1}}))
    assert found.leaning is None and [pair.number for pair in found.judged] == [0, 5]


def test_a_run_that_was_stopped_or_is_void_is_left_out() -> None:
    found = paired(
        pairs(
            6,
            changed={
                (1, "A"): {"complete": False},
                (2, "B"): {"ended": "exit status 1"},
                (3, "A"): {"caveats": (caveat("void", "generator-saturated"),)},
            },
        )
    )
    assert [(pair.left_out is not None, pair.void) for pair in found.whole] == [
        (False, False),
        (True, False),
        (True, True),
        (True, True),
        (False, False),
        (False, False),
    ]


def test_an_odd_ratio_is_never_left_out() -> None:
    found = paired(pairs(6, changed={(3, "B"): {"times": 40.0}}))
    assert len(found.judged) == 6


def test_the_table_tells_each_run() -> None:
    run = side_run("A", 0, 0)
    row = paired([run, side_run("B", 0, 1)]).rows()[0].a
    assert row is not None
    assert (row.run, row.requests, row.errors) == ("run-0A", 1_200, 0)
    assert row.p50_s == run.whole.response.quantile(0.5)
