"""The page's part on likeness: medians and verdicts as they were counted."""

from __future__ import annotations

from benches.likeness import Found, scene, section
from loadstone.model.estimate import Estimate
from loadstone.model.fidelity import Fidelity, Likeness


def told(mix: float, verdict: str, worse: bool = False) -> Fidelity:
    rows = (
        Likeness("mix", Estimate(mix), Estimate(0.2), Estimate(0.1), None, verdict),  # type: ignore[arg-type]
        Likeness("think", Estimate(0.05), None, Estimate(0.04)),
        Likeness("dispersion", Estimate(0.3), Estimate(1.5), Estimate(0.2), 60.0, "closer"),
    )
    return Fidelity(100, 50, "the last hour", rows, worse, "It is so.")


def test_verdicts_are_counted_and_distances_are_medians() -> None:
    one = scene("shop", [told(0.01, "closer"), told(0.03, "alike"), told(0.5, "worse", worse=True)])
    page = section(Found(scenes=[one]))
    assert "**shop**, 3 logs; over all worse than the naive reference in 1." in page
    assert "| mix | 0.030 | 0.200 | 0.100 | 1 | 1 | 1 |" in page
    assert "| think | 0.050 | - | 0.040 | - | - | - |" in page
    assert "| dispersion 60 | 0.300 | 1.500 | 0.200 | 3 | 0 | 0 |" in page
    assert "It is so." not in page


def test_one_log_says_its_sentence() -> None:
    page = section(Found(scenes=[scene("access.log", [told(0.01, "closer")])]))
    assert "**access.log**, one log" in page
    assert page.endswith("It is so.")
