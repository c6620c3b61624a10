from __future__ import annotations

import msgspec

from loadstone.model.traffic_view import TrafficTable, TrafficView
from loadstone.render.traffic_view import traffic_view
from tests.browser.traffic_specimens import TRAFFIC_SPECIMENS, traffic

NAMES = ("GET /products", "GET /products/{product_id}", "POST /cart")


def tables(view: TrafficView) -> dict[str, TrafficTable]:
    return {table.caption.partition(":")[0]: table for section in view.sections for table in section.tables}


def test_every_row_has_a_cell_for_each_column() -> None:
    for made in TRAFFIC_SPECIMENS.values():
        for table in tables(made()).values():
            assert all(len(row) == len(table.columns) for row in table.rows), table.caption


def test_numbers_stand_with_their_ranges_and_units() -> None:
    found = tables(TRAFFIC_SPECIMENS["traffic"]())
    assert found["Requests of people, by route"].rows[0] == (
        "GET /products",
        "45.0 % [40.5, 49.5]",
        "9,000",
        "115",
        "18.1 ms",
        "59.6 ms",
        "",
    )
    assert found["What follows what"].rows[2] == (
        "products",
        "GET /products",
        "4.44 s [4.00, 4.88]",
        "GET /products/{product_id}",
        "60.0 % [54.0, 66.0]",
    )
    assert found["Bursts"].rows[1] == ("1 min", "4.60 [4.14, 5.06]")
    assert found["Assumptions, each with its range and its source"].rows[0] == (
        "visits that begin at the peak, per second",
        "12",
        "10.8",
        "13.2",
        "the peak in the log",
        "2026-01-10",
    )
    assert [column.holds for column in found["Distances"].columns] == ["text", "number", "number", "number", "text"]


def test_without_durations_there_are_no_times() -> None:
    model = traffic(NAMES)
    mix = tuple(msgspec.structs.replace(one, duration_p50_s=None, duration_p99_s=None) for one in model.mix)
    found = tables(traffic_view("t", msgspec.structs.replace(model, mix=mix)))
    assert [column.name for column in found["Requests of people, by route"].columns] == [
        "route", "share", "requests", "errors", ""
    ]  # fmt: skip


def test_what_was_not_measured_or_is_worse_is_doubtful() -> None:
    assert traffic_view("t", traffic(NAMES)).belief == "valid"
    assert traffic_view("t", traffic(NAMES, worse=True)).belief == "doubtful"
    unmeasured = traffic_view("t", msgspec.structs.replace(traffic(NAMES), fidelity=None))
    assert unmeasured.belief == "doubtful" and "was not measured" in unmeasured.sentence
    assert unmeasured.alike == () and unmeasured.sections[0].id == "mix"


def test_an_instant_beyond_all_calendars_is_no_crash() -> None:
    model = traffic(NAMES)
    far = msgspec.structs.replace(model.reading.files[0], last_ns=2**63 - 1)
    reading = msgspec.structs.replace(model.reading, files=(far,))
    assert tables(traffic_view("t", msgspec.structs.replace(model, reading=reading)))["Files"].rows[0][4] != ""
