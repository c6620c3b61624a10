"""Offers out of a large catalogue in memory, and the last few answers kept: the collector sees all of it, or not."""

from __future__ import annotations

import gc
from collections import deque

from flask.typing import ResponseReturnValue

from specimens.switch import SICK
from specimens.web import application


class Offer:
    """One of many."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.names = {"en": [f"offer {number}"], "fr": [f"offre {number}"]}
        self.rivals: list[Offer] = []


def catalogue(size: int) -> list[Offer]:
    """Offers that know their rivals."""
    offers = [Offer(number) for number in range(size)]
    for place, offer in enumerate(offers):
        offer.rivals = [offers[place * 7 % size], offers[place * 13 % size]]
    return offers


OFFERS = catalogue(120_000)
if not SICK:
    gc.collect()
    gc.freeze()

app = application(__name__)
_answers: deque[list[tuple[Offer, list[int]]]] = deque(maxlen=8)


@app.get("/offers/<int:number>")
def offers(number: int) -> ResponseReturnValue:
    """An offer and what else there is."""
    around = [(OFFERS[(number * 31 + place) % len(OFFERS)], [place]) for place in range(1_500)]
    _answers.append(around)
    return {"names": [offer.names["en"][0] for offer, _ in around[:20]]}
