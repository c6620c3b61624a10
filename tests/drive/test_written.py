"""What the spec writes out of query strings, and nothing that is drawn."""

from __future__ import annotations

import pytest

from loadstone.drive.written import written_pairs
from loadstone.model.workload import Journey, Step, Workload


def pairs(target: str) -> set[str]:
    return set(written_pairs(Workload((Journey("j", 1.0, (Step("s", "get", target),)),))))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/products/{id}?expand=reviews", {"expand=reviews"}),
        ("/products?page={zipf(50)}&sort=price", {"sort=price"}),
        ("/search?q={choice(oak lamp, kettle)}", {"q=oak%20lamp", "q=kettle"}),
        ("/search?q={choice(a, b)}-{id}&x=1", {"x=1"}),
        ("/search?q=pre{choice(a, b)}&r={choice(c, d, e)}", {"q=prea", "q=preb", "r=c", "r=d", "r=e"}),
        ("/x?token={env.TOKEN}&mail={users.email}", set()),
        ("/x?flag&a=b c", {"a=b%20c"}),
        ("/plain", set()),
    ],
)
def test_pairs_are_those_that_the_spec_holds(target: str, expected: set[str]) -> None:
    assert pairs(target) == expected
