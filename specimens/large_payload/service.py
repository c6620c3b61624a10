"""A map as JSON, the larger the closer: written anew and sent as it is, or packed once and sent so."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache

from flask import Response, request

from specimens.switch import SICK
from specimens.web import application

ROADS = [{"x": n * 7 % 4096, "y": n * 13 % 4096, "name": f"way {n % 400}"} for n in range(36_000)]

app = application(__name__)


def _written(zoom: int) -> bytes:
    return json.dumps({"zoom": zoom, "roads": ROADS[: zoom * 4_000]}).encode()


@lru_cache
def _packed(zoom: int) -> bytes:
    return gzip.compress(_written(zoom), 6, mtime=0)


@app.get("/map")
def whole_map() -> Response:
    """Every road that a zoom shows."""
    zoom = int(request.args["zoom"])
    if not SICK and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_packed(zoom), mimetype="application/json", headers={"content-encoding": "gzip"})
    return Response(_written(zoom), mimetype="application/json")
