"""How much of a service's true table of routes comes back from raw paths: ``python -m benches.routes openapi.json …``.

The table is an OpenAPI document's. Requests are drawn from it: routes by lognormal weights, values by Zipf, as numbers,
UUIDs, dates, one of an enumeration or words, as the document says. What comes back is held against those routes that
were drawn, names of variables and a slash at the end aside.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

import click

from loadstone.model.route import Field, Route
from loadstone.traffic.openapi import read_openapi
from loadstone.traffic.routes import RouteTable

_TEXT = (
    "amber apple autumn bakery bamboo basil birch bright brook candle cedar cherry cliff cloud copper coral "
    "cotton crystal daisy desert ember falcon feather fern forest garden ginger glacier golden granite harbor "
    "hazel honey island ivory jasper lantern lemon lilac linen maple marble meadow midnight mint moss ocean olive "
    "orchid pebble pepper pine plum quartz raven river rose saffron sage silver spruce sunset velvet willow"
)

WORDS = _TEXT.split()

ITEMS = 300
"""Different values of a variable, of which the first is asked for most."""


class Score(NamedTuple):
    """Counts over all seeds."""

    right: int
    found: int
    true: int
    wrong: dict[str, int]


def value(field: Field | None, name: str, rank: int, seed: int) -> str:
    """A value of a variable; equal for equal arguments."""
    dice = random.Random(f"{name}/{rank}/{seed}")
    kind = field.kind if field else "text"
    if field and field.kind == "word" and field.values:
        return field.values[rank % len(field.values)]
    if kind == "number" or re.search(r"(^|_)id$|Id$", name):
        return str(rank * 7 + 1)
    if kind == "uuid":
        digits = f"{dice.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if kind == "date":
        return f"2024-{1 + rank % 12:02}-{1 + rank % 28:02}"
    style = random.Random(f"{name}/{seed}").randrange(3)
    if style == 0:
        return f"{dice.choice(WORDS)}{dice.randrange(100)}"
    if style == 1:
        return "-".join(dice.choice(WORDS) for _ in range(2 + dice.randrange(3)))
    return dice.choice(WORDS) + dice.choice(WORDS)


def plain(route: Route) -> str:
    """``GET /users/{}``."""
    return f"{route.method} {re.sub(r'{[^}]*}', '{}', route.template).rstrip('/') or '/'}"


def score(routes: tuple[Route, ...], requests: int, seeds: int) -> Score:
    """Over so many seeds with so many requests each."""
    right = found = true = 0
    wrong: dict[str, int] = {}
    for seed in range(seeds):
        dice = random.Random(seed)
        weights = [dice.lognormvariate(0, 1.2) * (3 if route.method == "GET" else 1) for route in routes]
        table, drawn = RouteTable(), set()
        for route in dice.choices(routes, weights, k=requests):
            rank = int(ITEMS ** dice.random())
            fields = {field.name: field for field in route.fields if field.where == "path"}

            def filled(
                match: re.Match[str], fields: dict[str, Field] = fields, rank: int = rank, seed: int = seed
            ) -> str:
                return value(fields.get(match.group(1)), match.group(1), rank, seed)

            table.observe(route.method, re.sub(r"\{([^}]*)\}", filled, route.template))
            drawn.add(plain(route))
        got = {plain(route) for route in table.routes()}
        right, found, true = right + len(got & drawn), found + len(got), true + len(drawn)
        for line in [*(f"- {one}" for one in drawn - got), *(f"+ {one}" for one in got - drawn)]:
            wrong[line] = wrong.get(line, 0) + 1
    return Score(right, found, true, wrong)


@click.command()
@click.argument("documents", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--requests", multiple=True, default=(2_000, 20_000), show_default=True)
@click.option("--seeds", default=5, show_default=True)
@click.option("--wrong", is_flag=True, help="Say what was missed (-) and made up (+), and in how many seeds.")
def main(documents: tuple[Path, ...], requests: tuple[int, ...], seeds: int, wrong: bool) -> None:
    """Precision and recall of the routes of OpenAPI documents."""
    click.echo("| document | routes | requests | precision | recall |\n|---|---|---|---|---|")
    for path in documents:
        routes = read_openapi(path.read_bytes(), at=path.name).routes
        for many in requests:
            told = score(routes, many, seeds)
            click.echo(
                f"| {path.stem} | {told.true / seeds:.0f} | {many:,} | {told.right / told.found:.3f} "
                f"| {told.right / told.true:.3f} |"
            )
            for line, times in sorted(told.wrong.items(), key=lambda one: -one[1]) if wrong else ():
                click.echo(f"    {times} {line}")


if __name__ == "__main__":
    main()
