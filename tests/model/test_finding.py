"""What a diagnosis says survives being written and read, with what could not be told left open."""

from __future__ import annotations

import msgspec

from loadstone.model.finding import Bounded, PathRow, StepPath, TailRow


def test_too_few_requests_leave_p99_open() -> None:
    row = PathRow("SELECT 1", "shop", None, Bounded(0.002, 0.001, 0.003), None, 1.0)
    path = StepPath("browse", "list", 40, 0.01, None, (row,))
    assert msgspec.json.decode(msgspec.json.encode(path), type=StepPath) == path
    assert msgspec.to_builtins(path)["rows"][0]["p99_excess_s"] is None


def test_a_property_names_what_goes_with_it() -> None:
    row = TailRow("browse", "list", "?expand", "reviews", 0.6, 0.01, Bounded(60, 40, 90), 0.2, 1e-9, 30)
    assert row.goes_with == ()
    with_it = msgspec.structs.replace(row, goes_with=("41 x SELECT",))
    assert msgspec.json.decode(msgspec.json.encode(with_it), type=TailRow) == with_it
