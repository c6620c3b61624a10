"""The five places nearest to a point: by the distance to all of them, or to those in the fields of a grid around it."""

from __future__ import annotations

import math
import random
from collections import defaultdict

from flask import request
from flask.typing import ResponseReturnValue

from specimens.switch import SICK
from specimens.web import application

FIELD = 100
_draw = random.Random(1)
PLACES = [(_draw.randrange(1000), _draw.randrange(1000)) for _ in range(6_000)]
GRID: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
for place in PLACES:
    GRID[place[0] // FIELD, place[1] // FIELD].append(place)

app = application(__name__)


def distance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Along a sphere of radius 6371, a thousand units to ten degrees."""
    here, there = math.radians(one[1] / 100), math.radians(other[1] / 100)  # fault: hot-function
    across = math.radians(other[0] / 100) - math.radians(one[0] / 100)
    chord = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(chord))


@app.get("/nearest")
def nearest() -> ResponseReturnValue:
    """Five places."""
    point = (int(request.args["x"]), int(request.args["y"]))
    places = PLACES
    if not SICK:
        near = [point[0] // FIELD, point[1] // FIELD]
        places = [
            place
            for column in range(near[0] - 1, near[0] + 2)
            for row in range(near[1] - 1, near[1] + 2)
            for place in GRID.get((column, row), ())
        ]
        places = [place for place in places if abs(place[0] - point[0]) + abs(place[1] - point[1]) < FIELD]
    found = sorted((distance(point, place), place) for place in places)[:5]
    return {"items": [{"place": place, "km": round(km, 3)} for km, place in found]}
