"""The page of a traffic model as one noun: what ``traffic.html`` carries and the server sends."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.fidelity import Likeness

__all__ = ["TrafficColumn", "TrafficSection", "TrafficTable", "TrafficView"]


class TrafficColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column's head, and what stands in it: texts, numbers with their units, or names from outside (``code``)."""

    name: str
    holds: Literal["text", "number", "code"] = "text"


class TrafficTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table as it is read, a text a cell; ``first`` rows stand before the rest is asked for."""

    caption: str
    columns: tuple[TrafficColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    first: int = 20


class TrafficSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question, told in sentences and tables; ``bars`` are shares over the hours of a day, where it has a picture."""

    id: str
    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[TrafficTable, ...] = ()
    bars: tuple[float, ...] = ()


class TrafficView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``id`` names the model in the archive, where all its numbers stand (``traffic.json``).

    ``belief`` is whether to believe in a workload of it: worse than the naive reference, or not measured, is doubtful.
    ``alike`` is what the picture is drawn of; empty where nothing was held out.
    """

    format: int
    kind: Literal["traffic"]
    id: str
    headline: str
    belief: Literal["valid", "doubtful"]
    sentence: str
    alike: tuple[Likeness, ...] = ()
    sections: tuple[TrafficSection, ...] = ()
