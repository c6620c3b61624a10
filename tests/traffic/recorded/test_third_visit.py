"""What two visits teach holds for a third: the extraction gives the value that the third visit was served."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.recording import RecordedExchange, Recording
from loadstone.model.workload import Extraction
from loadstone.traffic.recorded.difference import differences
from tests.traffic.recorded.made import exchange, html, recording

ALPHABETS = {
    "number": "0123456789",
    "hex": "0123456789abcdef",
    "base64url": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    "base64": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
}


def noise(rng: random.Random) -> str:
    """What pages have around a token: other fields, links, numbers and scripts, other ones each time."""
    pieces = [
        f'<a href="/items/{rng.randrange(10**6)}">item</a>',
        f'<input type="hidden" name="seen" value="{rng.randrange(10**9)}">',
        f'<meta name="generator" content="x{rng.randrange(100)}">',
        f'<script>var stamp = "{rng.randrange(10**9)}";</script>',
        f"<p>{rng.randrange(1000)} things</p>",
    ]
    rng.shuffle(pieces)
    return "".join(pieces[: rng.randrange(6)])


def in_page(text: str) -> Callable[[str, random.Random], RecordedExchange]:
    return lambda token, rng: exchange("GET /page", html(noise(rng) + text.replace("TOKEN", token) + noise(rng)))


def in_json(token: str, rng: random.Random) -> RecordedExchange:
    extra = {f"k{n}": rng.randrange(10**6) for n in range(rng.randrange(4))}
    return exchange("GET /page", {**extra, "session": {"token": token, "n": rng.randrange(100)}})


def in_header(token: str, rng: random.Random) -> RecordedExchange:
    return exchange("GET /page", html(noise(rng)), got=[("x-request", str(rng.random())), ("x-token", token)])


def in_cookie(token: str, rng: random.Random) -> RecordedExchange:
    return exchange(
        "GET /page", html(noise(rng)), got=[("set-cookie", f"other={rng.random()}"), ("set-cookie", f"csrf={token}")]
    )


PLACES = {
    "input": in_page('<input type="hidden" name="csrf" value="TOKEN">'),
    "input, value first": in_page("<input value='TOKEN' type='hidden' name='csrf'/>"),
    "meta": in_page('<meta name="csrf-token" content="TOKEN">'),
    "attribute": in_page('<body data-csrf="TOKEN">'),
    "script": in_page('<script>window.app = {"csrf": "TOKEN", "a": 1};</script>'),
    "assignment": in_page("<script>csrfToken = 'TOKEN';</script>"),
    "link": in_page('<a class="next" href="/go/TOKEN/confirm">go</a>'),
    "json": in_json,
    "header": in_header,
    "cookie": in_cookie,
}


def taken(extraction: Extraction, served: RecordedExchange) -> str | None:
    """What an extraction takes, by a reading of its own."""
    match extraction.source:
        case "header":
            return served.reply.header(extraction.expression)
        case "cookie":
            pairs = [
                value.partition(";")[0].partition("=") for name, value in served.reply.headers if name == "set-cookie"
            ]
            return next((value for name, _, value in pairs if name == extraction.expression), None)
        case "json":
            value = json.loads(served.reply.body or "")
            for part in extraction.expression.split(".")[1:]:
                value = value[part]
            return str(value)
    found = re.search(extraction.expression, served.reply.body or "")
    return found[1] if found else None


@pytest.mark.parametrize("place", PLACES)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(sorted(ALPHABETS)), length=st.integers(10, 40))
def test_the_third_visit(place: str, seed: int, kind: str, length: int) -> None:
    rng = random.Random(seed)

    def visit() -> tuple[Recording, str]:
        token = "".join(rng.choice(ALPHABETS[kind]) for _ in range(length))
        sent = exchange("POST /go", headers={"X-CSRF-Token": token})
        return recording(PLACES[place](token, rng), sent), token

    (first, one), (second, other), (third, wanted) = visit(), visit(), visit()
    if len({one, other, wanted}) < 3 or (place == "link" and "/" in one + other + wanted):
        return
    (dynamic,) = differences(first, second)
    assert dynamic.extraction is not None, dynamic.says
    assert taken(dynamic.extraction, third.exchanges[0]) == wanted, dynamic.extraction
