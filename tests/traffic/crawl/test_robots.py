"""robots.txt as RFC 9309 has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.traffic.crawl.robots import read_robots

TEXT = """\
\ufeff# comment
User-agent: other
Disallow: /

user-agent: *
User-Agent: another
Disallow: /private/   # not for robots
Allow: /private/public/
Disallow: /*.php$
Disallow: /search
Allow: /search$
Disallow:
Crawl-delay: 2.5
Sitemap: https://shop.example/sitemap.xml
nonsense
"""


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("/", True),
        ("/private", True),
        ("/private/x", False),
        ("/private/public/x", True),
        ("/index.php", False),
        ("/index.php?x=1", True),
        ("/search?q=1", False),
        ("/search", True),
    ],
)
def test_the_longest_rule_decides(target: str, allowed: bool) -> None:
    assert read_robots(TEXT).allows(target) is allowed


def test_what_it_says_besides() -> None:
    robots = read_robots(TEXT)
    assert robots.sitemaps == ("https://shop.example/sitemap.xml",)
    assert robots.delay_s == 2.5
    assert robots.disallowed == ("/private/", "/*.php$", "/search")


def test_a_group_of_our_own_wins() -> None:
    robots = read_robots("User-agent: *\nDisallow: /\n\nUser-agent: Loadstone\nDisallow: /a\n")
    assert robots.allows("/b") and not robots.allows("/a")


def test_of_two_rules_of_one_length_the_one_that_allows_wins() -> None:
    assert read_robots("User-agent: *\nDisallow: /page\nAllow: /page").allows("/page")


@pytest.mark.parametrize("text", ["", "<html>not robots</html>", "Disallow: /", ":::\n:", "User-agent\nDisallow"])
def test_what_is_none_forbids_nothing(text: str) -> None:
    assert read_robots(text).allows("/anything")


@given(st.text(), st.text())
def test_no_text_breaks_it(text: str, target: str) -> None:
    read_robots(text).allows(target)
    read_robots(f"User-agent: *\nDisallow: {text}").allows(target)


def test_a_pattern_of_stars_takes_no_time() -> None:
    robots = read_robots("User-agent: *\nDisallow: /" + "a*" * 2_000 + "b$\n")
    assert robots.allows("/" + "a" * 2_000)
