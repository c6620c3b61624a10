"""The format of a log is found by its first lines, whatever else stands among them."""

from __future__ import annotations

import random

import pytest

from loadstone.errors import SpecError
from loadstone.traffic.access_log import NAMES, detect, named
from loadstone.traffic.access_log.known import KNOWN
from loadstone.traffic.access_log.reference import read_line
from tests.traffic.access_log.golden import GOLDEN, Golden


def ids(golden: Golden) -> str:
    return golden.format


@pytest.mark.parametrize("golden", GOLDEN, ids=ids)
def test_each_product_is_found(golden: Golden) -> None:
    head = f"{golden.head}{golden.line}\n".encode()
    found = detect(head)
    assert found.name == golden.format
    assert read_line(found, golden.line) == pytest.approx(golden.told)


@pytest.mark.parametrize("golden", GOLDEN, ids=ids)
def test_garbage_among_the_lines_changes_nothing(golden: Golden) -> None:
    noise = random.Random(7)
    garbage = [noise.randbytes(noise.randrange(200)).replace(b"\n", b" ") for _ in range(30)]
    lines = [*garbage, golden.line.encode(), *garbage[:10], *[golden.line.encode()] * 9, golden.line.encode()[:40]]
    assert detect(golden.head.encode() + b"\n".join(lines)).name == golden.format


def test_every_name_has_a_golden_line() -> None:
    told = {golden.format for golden in GOLDEN}
    assert set(NAMES) - told == {"combined_ms", "uvicorn_timed"}
    line = '2000-10-10 20:55:36,250 INFO:     203.0.113.9:1 - "GET / HTTP/1.1" 200 OK'
    assert detect(line.encode()).name == "uvicorn_timed"


@pytest.mark.parametrize("name", NAMES)
def test_a_format_has_its_name(name: str) -> None:
    assert named(name) is KNOWN[name]


def test_a_number_at_the_end_is_told_by_its_size() -> None:
    combined = next(golden.line for golden in GOLDEN if golden.format == "combined")
    for numbers, name in (
        (["0.004", "0.120", "3.001"], "nginx_timed"),
        (["812", "41250", "1204100"], "combined_us"),
        (["0", "1", "3"], "combined_s"),
        (["4", "120", "3001"], "combined_ms"),
    ):
        head = "".join(f"{combined} {number}\n" for number in numbers)
        assert detect(head.encode()).name == name


def test_a_log_of_no_known_format_says_what_to_do() -> None:
    with pytest.raises(SpecError, match=r"Its first line: .*hello.*\n.*combined.*log_format"):
        detect(b"hello 17\nworld\n")


def test_what_a_log_says_of_people_is_not_quoted() -> None:
    with pytest.raises(SpecError) as raised:
        detect(b'login of "ann@example.org" from 203.0.113.9 token=abcdef0123456789\n' * 3)
    assert not any(told in str(raised.value) for told in ("ann@", "203.0", "abcdef"))


def test_an_empty_log_is_said_so() -> None:
    with pytest.raises(SpecError, match="empty"):
        detect(b"\n\n")


def test_uvicorn_alone_has_no_time() -> None:
    with pytest.raises(SpecError, match="no time"):
        detect(b'INFO:     127.0.0.1:54321 - "GET / HTTP/1.1" 200 OK\n')


def test_columns_are_those_of_the_header() -> None:
    head = b"#Fields: time date cs-method cs-uri-stem sc-status\n"
    found = detect(head + b"20:55:36 2000-10-10 GET /a 200\n")
    assert read_line(found, "20:55:36 2000-10-10 GET /a 200") == {
        "time": 971_211_336.0,
        "method": "GET",
        "target": "/a",
        "status": "200",
    }


def test_columns_without_a_time_are_refused() -> None:
    with pytest.raises(SpecError, match="lacks a time"):
        detect(b"#Fields: cs-method cs-uri-stem\nGET /a\n")
