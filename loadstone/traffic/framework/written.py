"""What a service's processes write, a line of JSON a table. It is their word: what is not of this form is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from loadstone.model.route import Aside, Framework

__all__ = ["Parameter", "Row", "Setting", "Table", "tables"]


class Parameter(msgspec.Struct, frozen=True):
    """A field of a path or a query, as the framework knows it: its type's name, its values, its expression."""

    name: str = ""
    type: str = ""
    values: tuple[str, ...] = ()
    regex: str = ""
    required: bool = False


class Row(msgspec.Struct, frozen=True):
    """One route. ``path`` are its segments, each with the way that it is spelt; ``methods`` null where it takes any,
    ``guessed`` those that its code names; ``fields`` are expressions by a field's name."""

    path: tuple[tuple[Any, ...], ...]
    methods: tuple[str, ...] | None = None
    guessed: tuple[str, ...] = ()
    name: str = ""
    aside: Aside | None = None
    login: bool | None = None
    fields: dict[str, str] = {}
    types: dict[str, Parameter] = {}
    query: tuple[Parameter, ...] = ()
    body: str | None = None
    host: str = ""
    websocket: bool = False
    unknown: str = ""


class Setting(msgspec.Struct, frozen=True):
    """A database or a cache of the settings; ``place`` is a cache's host and port."""

    alias: str = ""
    engine: str = ""
    host: str = ""
    port: str = ""
    name: str = ""
    place: str = ""


class Table(msgspec.Struct, frozen=True):
    """Of one application. ``login_wall`` says that a middleware asks for a login everywhere."""

    format: Literal[1]
    framework: Framework
    version: str = ""
    product: str = ""
    rows: tuple[msgspec.Raw, ...] = ()
    databases: tuple[Setting, ...] | None = None
    caches: tuple[Setting, ...] | None = None
    login_path: str | None = None
    openapi_path: str | None = None
    login_wall: bool = False

    def read(self) -> Iterator[Row]:
        """The rows that are of this form."""
        for raw in self.rows:
            try:
                yield _row.decode(raw)
            except msgspec.MsgspecError:
                continue


_table = msgspec.json.Decoder(Table)
_row = msgspec.json.Decoder(Row)


def tables(file: Path) -> Iterator[Table]:
    """The tables of a file, each once; none where there is no file."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return
    for line in dict.fromkeys(lines):
        try:
            yield _table.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
