"""Pictures that are kept once drawn, without an end to it, or the last twenty."""

from __future__ import annotations

from collections import OrderedDict

from flask.typing import ResponseReturnValue

from specimens.switch import SICK
from specimens.web import application

KEPT = None if SICK else 20

app = application(__name__)
_drawn: OrderedDict[int, bytearray] = OrderedDict()


@app.get("/pictures/<int:number>")
def picture(number: int) -> ResponseReturnValue:
    """How large it is."""
    if number not in _drawn:
        _drawn[number] = bytearray(number.to_bytes(4, "big") * 62_500)
        if KEPT is not None and len(_drawn) > KEPT:
            _drawn.popitem(last=False)
    return {"bytes": len(_drawn[number]), "first": _drawn[number][3]}
