from __future__ import annotations

import pytest

from loadstone.model.slo import Objective, parse_objective


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("99% < 300ms", Objective("share", 0.99, 0.3, "99% < 300ms")),
        ("p99 < 300ms", Objective("quantile", 0.99, 0.3, "p99 < 300ms")),
        ("p99.9<1s", Objective("quantile", 0.999, 1.0, "p99.9<1s")),
        ("errors < 0.1%", Objective("errors", 0.999, None, "errors < 0.1%")),
    ],
)
def test_objectives_are_read(text: str, expected: Objective) -> None:
    assert parse_objective(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("p99 <= 300ms", 'did you mean "p99 < 300ms"'),
        ("p99 under 300ms", 'did you mean "p99 < 300ms"'),
        ("99% < 300", 'did you mean "300s"'),
        ("errors < 100%", "says nothing"),
        ("errors < 0.01", 'did you mean "1%"'),
        ("100% < 1s", "below 100 %"),
        ("p100 < 1s", "below 100 %"),
        ("p99 < 0s", "above 0"),
        ("fast", "is written as"),
    ],
)
def test_what_is_no_objective_is_told(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_objective(text)
