"""Wish lists, whose products another service knows."""

from __future__ import annotations

import os

import requests
from flask.typing import ResponseReturnValue

from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
calls = requests.Session()


@app.get("/wishes/<int:number>")
def wishes(number: int) -> ResponseReturnValue:
    """A list with names and prices."""
    products = [number * 31 + place * 7 for place in range(25)]
    if SICK:
        return {"items": [_product(product) for product in products]}
    words = ",".join(map(str, products))
    return {"items": calls.get(f"{os.environ['BACK_URL']}/products?ids={words}", timeout=5).json()["items"]}


def _product(product: int) -> object:
    return calls.get(f"{os.environ['BACK_URL']}/products/{product}", timeout=5).json()  # fault: http-n-plus-one
