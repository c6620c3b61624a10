"""Access logs as hits: files of any packing, in time order, again and again; what is wrong has its file and line."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from loadstone.errors import SpecError
from loadstone.model.hits import BOT, NONE, PERSON, SCANNER, Hits
from loadstone.model.route import Route
from loadstone.traffic.hits import LogHits, read_logs
from tests.traffic.logs import KEY, PACKED, ZSTD_LINES, combined, start_s, write


def times_s(hits: Hits) -> list[float]:
    """Seconds since the first instant of these logs."""
    columns: list[NDArray[np.int64]] = [batch.time_ns for batch in hits.batches()]
    return [float(time) / 1e9 - start_s() for time in np.concatenate(columns)]


def told(hits: LogHits) -> str:
    """Everything that leaves, as text."""
    return msgspec.json.encode([hits.routes(), hits.reading()]).decode()


@pytest.mark.parametrize("packing", PACKED)
def test_a_packed_file_is_told_by_its_content(tmp_path: Path, packing: str) -> None:
    log = write(tmp_path / "access.log", [combined(second) for second in range(2_500)], PACKED[packing])
    hits = read_logs([log], format=None, key=KEY)
    assert times_s(hits) == list(range(2_500))
    assert hits.reading().hits == hits.reading().lines == 2_500
    assert hits.reading().files[0].format == "combined"


def test_what_zstd_itself_packed_is_read(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(ZSTD_LINES)
    assert times_s(read_logs([log], format="combined", key=KEY)) == list(range(40))


def test_files_are_read_in_time_order_whatever_their_order(tmp_path: Path) -> None:
    packings = list(PACKED.values())
    logs = [
        write(tmp_path / f"access.{day}", [combined(100 * day + second) for second in range(100)], packings[day % 4])
        for day in range(8)
    ]
    beside = write(tmp_path / "beside", [combined(second + 0.0, "/beside") for second in range(0, 800, 10)])
    random.Random(3).shuffle(logs)
    hits = read_logs([*logs, beside], format=None, key=KEY)
    assert times_s(hits) == sorted([*range(800), *range(0, 800, 10)])
    assert hits.reading().backwards == 0


def test_hits_can_be_gone_through_again(tmp_path: Path) -> None:
    hits = read_logs([write(tmp_path / "a", [combined(n, f"/p/{n % 7}") for n in range(300)])], format=None, key=KEY)
    as_hits: Hits = hits
    routes = hits.routes()
    first, second = list(as_hits.batches()), list(as_hits.batches())
    for one, other in zip(first, second, strict=True):
        assert [column.tobytes() for column in one] == [column.tobytes() for column in other]
    assert hits.routes() == routes
    assert [route.requests for route in routes] == [300]


def test_settled_leads_from_rows_to_routes_and_from_none_to_none(tmp_path: Path) -> None:
    lines = [combined(0, "/p/1"), combined(1).replace("GET /products/1 HTTP/1.1", "-"), combined(2, "/p/2")]
    hits = read_logs([write(tmp_path / "a", lines)], format=None, key=KEY)
    (batch,) = list(hits.batches())
    assert batch.route[1] == NONE
    places = hits.settled()[batch.route]
    assert places.tolist() == [0, NONE, 0]
    assert re.fullmatch(r"GET /p/\{\w+\}", hits.routes()[0].id)


def test_declared_routes_come_first(tmp_path: Path) -> None:
    declared = [Route("GET", "/p/{sku}", sources=("django",), name="detail")]
    log = write(tmp_path / "a", [combined(0, "/p/blue")])
    (route,) = read_logs([log], format=None, key=KEY, declared=declared).routes()
    assert (route.id, route.name, set(route.sources)) == ("GET /p/{sku}", "detail", {"django", "log"})


def test_who_asked_is_told_apart(tmp_path: Path) -> None:
    lines = [
        combined(0),
        combined(1, agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        combined(2, "/.env", status=404),
        combined(3).replace("GET /products/1 HTTP/1.1", r"\x16\x03\x01"),
    ]
    hits = read_logs([write(tmp_path / "a", lines)], format="combined", key=KEY)
    (batch,) = list(hits.batches())
    assert batch.kind.tolist() == [PERSON, BOT, SCANNER, SCANNER]
    assert (hits.reading().bots, hits.reading().scanners) == (1, 2)


def test_a_line_cut_by_rotation_is_one_request(tmp_path: Path) -> None:
    text = "".join(f"{combined(second)}\n" for second in range(20)).encode()
    for cut in (len(text) // 2 + 40, len(text) // 2 + 100):
        (tmp_path / "access.log.1").write_bytes(text[:cut])
        (tmp_path / "access.log").write_bytes(text[cut:])
        hits = read_logs([tmp_path / "access.log", tmp_path / "access.log.1"], format="combined", key=KEY)
        assert times_s(hits) == list(range(20))
        assert hits.reading().malformed == 0
        assert "rotation" in hits.reading().notes[0]


def test_a_hostile_log_is_counted_and_shows_nothing(tmp_path: Path) -> None:
    noise = random.Random(11)
    planted = [
        "hunter2",
        "wilma@example.org",
        "wilma",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "203.0.113.77",
        "2001:db8::77",
    ]
    lines: list[bytes] = []
    for second in range(200):
        lines.append(combined(second, f"/products/{second}").encode())
        lines.append(noise.randbytes(noise.randrange(1, 300)).replace(b"\n", b"\0"))
        lines.append(" ".join(noise.sample(planted, 3)).encode())
    lines += [
        b"x" * (1 << 20) * 2,
        combined(5, "/login?password=hunter2&user=wilma@example.org").encode(),
        combined(6, "/reset/sk_live_4eC39HqLyjWDarjtT1zdp7dc").encode(),
        combined(7, "/users/wilma@example.org", client="2001:db8::77").replace("- -", "- wilma", 1).encode(),
        combined(8, "/caf%C3%A9/%E2%98%83?q=%00", client="203.0.113.77").encode(),
        combined(9, "/../../etc/passwd%00", status=400).encode(),
        b'203.0.113.77 - - [04/May/2026:05:30:10 +0530] "GET / HTTP/1.1" 200 5 "-" "wilma@example.org/1.0"',
    ]
    (tmp_path / "access.log").write_bytes(b"\n".join(lines) + b"\n")
    hits = read_logs([tmp_path / "access.log"], format="combined", key=KEY)
    rows = sum(len(batch.kind) for batch in hits.batches())
    reading = hits.reading()
    assert rows == reading.hits == 206
    assert reading.hits + reading.malformed <= reading.lines
    assert reading.malformed >= 400
    assert reading.backwards == 1
    assert 1 <= len(reading.samples) <= 20
    shown = told(hits)
    assert [secret for secret in planted if secret in shown] == []


def test_a_file_that_breaks_off_is_read_to_there(tmp_path: Path) -> None:
    log = write(tmp_path / "a.gz", [combined(n, f"/p/{n * n}") for n in range(5_000)], PACKED["gzip"])
    log.write_bytes(log.read_bytes()[:-10_000])
    reading = read_logs([log], format=None, key=KEY).reading()
    assert 0 < reading.hits < 5_000
    assert any("breaks off" in note and "a.gz" in note for note in reading.notes)


def test_what_goes_on_is_told(tmp_path: Path) -> None:
    words: list[str] = []
    log = write(tmp_path / "a", [combined(0)])
    read_logs([log], format=None, key=KEY, doing=words.append).reading()
    assert words == [f"looking at {log}"]


def test_the_same_file_is_read_once_and_an_empty_one_is_told(tmp_path: Path) -> None:
    log = write(tmp_path / "a", [combined(0)])
    empty = write(tmp_path / "b", [])
    reading = read_logs([log, log, empty], format=None, key=KEY).reading()
    assert reading.hits == 1
    assert [note.removeprefix(str(tmp_path)) for note in reading.notes] == [
        "/a was named twice and is read once",
        "/b is empty",
    ]


def test_a_log_that_grows_is_the_same_on_every_reading(tmp_path: Path) -> None:
    log = write(tmp_path / "a", [combined(second) for second in range(50)])
    hits = read_logs([log], format=None, key=KEY)
    with log.open("a") as file:
        file.write(f"{combined(50)}\n" * 1_000)
    assert times_s(hits) == times_s(hits) == list(range(50))
    assert hits.reading().malformed == 0


def test_what_can_be_read_once_only_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SpecError, match="pipe: is no file that can be read again: write what it gives into a file"):
        read_logs([tmp_path / "pipe"], format=None, key=KEY)


def test_a_long_run_of_other_lines_is_passed_over_and_told(tmp_path: Path) -> None:
    log = write(tmp_path / "a", [combined(0), *["something else"] * 300_000, combined(1)])
    hits = read_logs([log], format="combined", key=KEY)
    assert times_s(hits) == [0, 1]
    reading = hits.reading()
    assert (reading.malformed, reading.lines) == (300_000, 300_002)
    assert any("300000 of 300002 lines are not of the format" in note for note in reading.notes)


def test_what_follows_a_format_is_told(tmp_path: Path) -> None:
    log = write(tmp_path / "a", [f"{combined(second)} rt=0.004" for second in range(9)])
    reading = read_logs([log], format="combined", key=KEY).reading()
    assert reading.malformed == 0
    assert any("9 of 9 lines go on" in note and "--format" in note for note in reading.notes)


def test_errors_name_the_file_and_the_way_out(tmp_path: Path) -> None:
    missing = tmp_path / "none.log"
    with pytest.raises(SpecError, match=r"none\.log: No such file.*Name log files"):
        read_logs([missing], format=None, key=KEY)
    with pytest.raises(SpecError, match="no line to read"):
        read_logs([write(tmp_path / "empty", [])], format=None, key=KEY)
    with pytest.raises(SpecError, match="no file"):
        read_logs([], format=None, key=KEY)
    strange = write(tmp_path / "strange", ["what is this", "nobody knows"] * 5)
    with pytest.raises(SpecError, match="strange:1: "):
        read_logs([strange], format=None, key=KEY)
    with pytest.raises(SpecError, match="nonsense"):
        read_logs([strange], format="nonsense", key=KEY)
    hits = read_logs([strange], format="combined", key=KEY)
    with pytest.raises(
        SpecError, match=r"(?s)strange:1: .*Of 10 lines none is of the format 'combined'.*--format"
    ) as met:
        hits.reading()
    assert (met.value.problems[0].file, met.value.problems[0].line) == (str(strange), 1)


def test_a_file_that_went_away_meanwhile_is_an_error(tmp_path: Path) -> None:
    log = write(tmp_path / "a", [combined(0)])
    hits = read_logs([log], format=None, key=KEY)
    log.unlink()
    with pytest.raises(SpecError, match="No such file"):
        list(hits.batches())
