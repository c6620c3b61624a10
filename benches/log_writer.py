"""Access logs of any size, alike for a seed: the combined format, as a shop's server would have written it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["write_combined"]

_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v}.1 "
    "Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS {v}_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v}.5 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
    "Mozilla/5.0 (Linux; Android {v}; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 "
    "Mobile Safari/537.36",
)
_BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "curl/8.5.0",
)
_PAGES = (
    ("/", 10),
    ("/products?page={small}", 12),
    ("/products/{item}", 30),
    ("/products/{item}/reviews", 6),
    ("/search?q={word}", 10),
    ("/cart", 6),
    ("/static/app.{small}.js", 8),
    ("/static/img/{item}.jpg", 12),
    ("/api/v1/orders/{item}", 4),
    ("/blog/{word}-{word}-{small}", 2),
)
_WORDS = tuple(
    f"{a}{b}" for a in ("blue", "red", "small", "wool", "steel", "old") for b in ("lamp", "shoe", "desk", "hat")
)
_ITEMS = 5_000
_A_SECOND = 200
"""Requests a second: a busy day of one server."""


def write_combined(path: Path, size_bytes: int, seed: int = 1) -> int:
    """Write at least so many bytes of the combined format; the number of lines."""
    lines = 0
    written = 0
    with path.open("w", encoding="ascii") as file:
        for chunk in _chunks(random.Random(seed)):
            file.write(chunk)
            lines += chunk.count("\n")
            written += len(chunk)
            if written >= size_bytes:
                return lines
    return lines


def _chunks(chance: random.Random) -> Iterator[str]:
    agents = [browser.format(v=v) for browser in _BROWSERS for v in range(90, 130)]
    clients = [f"203.0.{chance.randrange(256)}.{chance.randrange(256)}" for _ in range(3_000)]
    clients += [f"2001:db8:{chance.randrange(65536):x}::{chance.randrange(65536):x}" for _ in range(500)]
    visitors = [(client, chance.choice(agents)) for client in clients]
    visitors += [(f"198.51.100.{number}", _BOTS[number % len(_BOTS)]) for number in range(60)]
    items = [min(_ITEMS, int(chance.paretovariate(0.9))) for _ in range(20_000)]
    pages = [page for page, _ in _PAGES]
    weights = [weight for _, weight in _PAGES]
    now = datetime(2026, 5, 4, tzinfo=UTC)
    while True:
        stamp = now.strftime("%d/%b/%Y:%H:%M:%S +0000")
        lines = []
        for page in chance.choices(pages, weights, k=_A_SECOND):
            client, agent = chance.choice(visitors)
            target = page.format(item=chance.choice(items), small=chance.randrange(40), word=chance.choice(_WORDS))
            status = 200 if chance.random() < 0.95 else chance.choice((301, 304, 404, 500))
            referer = "-" if chance.random() < 0.3 else f"https://shop.example{pages[0]}products/{chance.choice(items)}"
            lines.append(
                f'{client} - - [{stamp}] "GET {target} HTTP/1.1" {status} {chance.randrange(200, 60_000)} '
                f'"{referer}" "{agent}"\n'
            )
        yield "".join(lines)
        now += timedelta(seconds=1)
