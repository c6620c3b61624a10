"""Readings of a station as JSON: by a serialiser of the service's own, field after field, or by the library."""

from __future__ import annotations

import copy
import json

from flask import Response

from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
READINGS = {
    station: [
        {
            "at": f"2025-01-{n % 28 + 1:02d}T{n % 24:02d}:00:00Z",
            "value": station * n % 977,
            "unit": "hPa",
            "ok": n % 7 > 0,
        }
        for n in range(600)
    ]
    for station in range(1, 31)
}


@app.get("/stations/<int:station>")
def readings(station: int) -> Response:
    """All of a station's readings."""
    content = {"station": station, "readings": READINGS[station]}
    text = serialise(content) if SICK else json.dumps(content, separators=(",", ":"))
    return Response(text, mimetype="application/json")


def serialise(value: object) -> str:
    """The value as JSON, copied first, lest somebody change it meanwhile."""
    value = copy.deepcopy(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(name)}:{serialise(field)}" for name, field in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(serialise(item) for item in value) + "]"
    if isinstance(value, str):
        return quoted(value)
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def quoted(text: str) -> str:
    """A JSON string."""
    letters = '"'
    for letter in text:
        letters += "\\" + letter if letter in '"\\' else letter
    return letters + '"'
