"""A map as JSON, as it is or compressed."""

from __future__ import annotations

import gzip
import json

from flask import Response, request

from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
MAP = json.dumps(
    [{"x": n * 7 % 4096, "y": n * 13 % 4096, "kind": "road", "name": f"way {n % 400}"} for n in range(30_000)]
)
PACKED = gzip.compress(MAP.encode(), 6, mtime=0)


@app.get("/map")
def whole_map() -> Response:
    """All of it, whatever the zoom."""
    if not SICK and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(PACKED, mimetype="application/json", headers={"content-encoding": "gzip"})
    return Response(MAP, mimetype="application/json")
