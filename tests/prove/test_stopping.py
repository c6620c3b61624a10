"""When no more pairs are run."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loadstone.model.slo import Slo
from loadstone.prove.compare import compare
from loadstone.prove.design import Design, design_of, told
from loadstone.prove.stopping import finished
from tests.prove.made import SIDES, Changed, pairs, slo


def budgeted() -> Design:
    return design_of(requests_per_s={("browse", "list"): 100.0}, budget_s=600.0, measured_s=10.0)


def at_look(
    design: Design, count: int, *, slos: Sequence[Slo] = (), changed: Changed | None = None, b: float = 1.0
) -> str | None:
    now = told(design, pairs=count, order=design.order[:count], together=True, spent_s=None)
    return finished(compare(SIDES, now, pairs(count, b=b, changed=changed), slos=slos, final=False), design)


def test_a_clear_answer_ends_it_at_the_first_look_that_can_tell() -> None:
    design = budgeted()
    first = design.looks.pairs[0]
    for b in (0.3, 3.0):
        assert at_look(design, first, b=b) == f"decided after {first} pairs"
    same = [at_look(design, count, b=1.0) for count in design.looks.pairs]
    assert same[0] is None
    assert f"decided after {design.looks.pairs[-2]} pairs" in same


def test_between_looks_nothing_is_decided() -> None:
    design = budgeted()
    between = next(count for count in range(6, design.most) if count not in design.looks.pairs)
    assert at_look(design, between, b=0.3) is None


def test_noise_goes_on_to_the_last_pair_and_ends_there() -> None:
    design = budgeted()
    wild: Changed = {(at, "B"): {"times": 2.0 if at % 2 else 0.5} for at in range(design.most)}
    assert all(at_look(design, count, changed=wild) is None for count in design.looks.pairs[:-1])
    assert at_look(design, design.most, changed=wild) == f"all {design.most} pairs were run"


def test_a_fixed_design_ends_with_its_pairs() -> None:
    design = design_of(requests_per_s={("browse", "list"): 100.0}, pairs=8)
    assert [at_look(design, count, b=0.3) is None for count in range(1, 9)] == [True] * 7 + [False]


def test_a_veto_ends_it_with_its_reason() -> None:
    design = budgeted()
    ended = at_look(design, 7, changed={(6, "B"): {"ended": "exit status 1"}})
    assert ended == "Side B in pair 7: the service ended during the run, with exit status 1"


def test_a_doubt_goes_on() -> None:
    design = budgeted()
    first = design.looks.pairs[0]
    failing: Changed = {(3, "B"): {"times": 0.3, "results": {"200": 1_100, "timeout": 100}}}
    assert at_look(design, first, b=0.3, changed=failing) is None


def test_an_undecided_objective_goes_on_but_not_for_one_that_is_worse() -> None:
    design = budgeted()
    first = design.looks.pairs[0]
    objectives = (slo(), slo("few errors", None, "errors < 1%"))
    wavering: Changed = {
        (at, side): {"results": {"200": 1_150, "500": 50}}
        for at in range(first)
        for side in "AB"
        if (at + (side == "B")) % 2
    }
    better = {key: own | {"times": 0.3 if key[1] == "B" else 1.0} for key, own in wavering.items()}
    assert at_look(design, first, slos=objectives, b=0.3) is not None
    assert at_look(design, first, slos=objectives, b=0.3, changed=better) is None
    worse = {key: own | {"times": 3.0 if key[1] == "B" else 1.0} for key, own in wavering.items()}
    assert at_look(design, first, slos=objectives, b=3.0, changed=worse) == f"decided after {first} pairs"


def test_pairs_that_were_left_out_count_for_nothing() -> None:
    design = design_of(requests_per_s={("browse", "list"): 100.0}, pairs=8)
    found = compare(SIDES, told(design, pairs=8, order=design.order[:8], together=True, spent_s=None), pairs(8, b=0.3))
    assert finished(found, design) == "all 8 pairs were run"
    fewer = msgspec.structs.replace(found, design=msgspec.structs.replace(found.design, pairs=7))
    assert finished(fewer, design) is None
