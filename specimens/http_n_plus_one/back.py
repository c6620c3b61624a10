"""Knows products, one or many at a time."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from specimens.web import application

app = application(__name__)


def _shown(number: int) -> dict[str, object]:
    return {"id": number, "name": f"product {number}", "cents": number * 17 % 9999}


@app.get("/products/<int:number>")
def product(number: int) -> ResponseReturnValue:
    """One."""
    return _shown(number)


@app.get("/products")
def products() -> ResponseReturnValue:
    """Those of ``ids``."""
    return {"items": [_shown(int(number)) for number in request.args["ids"].split(",")]}
