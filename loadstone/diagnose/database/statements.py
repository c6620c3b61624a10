"""What a statement says, as far as a diagnosis asks: its verb, its tables, the columns it looks for and sorts by.

Statements are masked (``?`` for every value), so words and marks are all there is; this is no parser. What it does not
understand it leaves out: a column that it does not name is one that no index is proposed for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

__all__ = ["Condition", "Table", "Told", "conditions", "read"]

LONGEST = 20_000
"""Characters that are read of one statement. Generated ones go to megabytes."""

How = Literal["equality", "range", "pattern", "order"]

_NAME = r"[A-Za-z_][\w$]*"
_DOTTED = rf"{_NAME}(?:\.{_NAME}){{0,3}}"
_QUOTES = re.compile(r"[\"`\[]([\w$ -]+)[\"`\]]")
_CAST = re.compile(
    r"::\s*\"?\w+\"?(?: varying| precision| with(?:out)? time zone)?(?:\s?\([\d?, ]+\))?(?:\[\])?", re.IGNORECASE
)
_ALONE = re.compile(rf"(?<![\w$])\(\s*({_DOTTED}|\?)\s*\)")
# fmt: off
_NO_ALIAS = frozenset(
    {
        "where", "join", "inner", "left", "right", "full", "outer", "cross", "natural", "on", "using", "set",
        "values", "group", "order", "limit", "offset", "having", "union", "except", "intersect", "for", "fetch",
        "window", "returning", "select", "default", "as", "lateral", "tablesample", "indexed", "not",
        "straight_join", "use", "force", "ignore",
    }
)
_WORDS = frozenset(
    {
        "and", "or", "not", "where", "on", "when", "then", "else", "case", "having", "using", "set", "select", "by",
        "any", "all", "some", "exists",
    }
)
# fmt: on
_ALIAS = rf"(?:\s+(?:AS\s+)?((?!(?:{'|'.join(sorted(_NO_ALIAS))})\b){_NAME}))?"
_SOURCE = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:ONLY\s+|LATERAL\s+)?({_DOTTED}){_ALIAS}", re.IGNORECASE)
_MORE_SOURCES = re.compile(rf"\s*,\s*({_DOTTED}){_ALIAS}", re.IGNORECASE)
_COMPARED = re.compile(
    rf"(?<![\w$.])(?P<call>(?P<function>{_NAME})\(\s*)?(?P<column>{_DOTTED})(?(call)\s*\))\s*"
    r"(?P<operator><=|>=|<>|!=|<|>|=|~~\*?|\bNOT\s+IN\b|\bIN\b|\bNOT\s+I?LIKE\b|\bI?LIKE\b|\bBETWEEN\b)\s*"
    rf"(?P<value>\?|:{_NAME}|%s|\$\d+|ANY\s*\(|\(|{_DOTTED})?",
    re.IGNORECASE,
)
_REVERSED = re.compile(rf"(?:\?|\$\d+)\s*(?P<operator><=|>=|=|<|>)\s*(?P<column>{_DOTTED})(?!\s*\()", re.IGNORECASE)
_ORDER = re.compile(
    r"\bORDER\s+BY\s+(?P<columns>[^()]*?)(?=\bLIMIT\b|\bOFFSET\b|\bFETCH\b|\bFOR\b|\)|;|$)", re.IGNORECASE
)
_RANGES = frozenset({"<", ">", "<=", ">=", "BETWEEN"})
_AGGREGATE = re.compile(r"\b(?:count|sum|avg|min|max|bool_and|bool_or|exists)\s*\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the statement names it; ``alias`` is what its columns are called by."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A column that is looked for or sorted by. ``table`` is an alias or a name, None where the text does not say.
    ``expression`` is what stands around the column (``lower(name)``), None where it stands alone; ``other`` is the
    table of the column that it is compared with, None for a value."""

    table: str | None
    column: str
    how: How
    expression: str | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """``parameters`` counts the marks of values. ``limited`` has a LIMIT or its like, ``offset`` skips rows by number,
    ``one`` is a single value (an aggregate without groups)."""

    verb: str
    tables: tuple[Table, ...] = ()
    conditions: tuple[Condition, ...] = ()
    parameters: int = 0
    limited: bool = False
    offset: bool = False
    star: bool = False
    one: bool = False
    locks: bool = False
    cut: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes rows."""
        return self.verb in ("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT")

    def of(self, table: Table) -> tuple[Condition, ...]:
        """Conditions on one table; those without a table where there is no other."""
        alone = len({one.name for one in self.tables}) == 1
        names = {table.alias.lower(), table.name.lower(), table.name.split(".")[-1].lower()}
        return tuple(
            one
            for one in self.conditions
            if (one.table is None and alone) or (one.table is not None and one.table.lower() in names)
        )


@lru_cache(maxsize=4_096)
def read(statement: str) -> Told:
    """What a masked statement says."""
    text = " ".join(statement[:LONGEST].split())
    verb = re.match(r"[\s(]*([A-Za-z]+)", text)
    word = verb[1].upper() if verb else ""
    if word == "WITH":
        body = re.search(r"\)\s*(SELECT|INSERT|UPDATE|DELETE|MERGE)\b", text, re.IGNORECASE)
        word = body[1].upper() if body else "SELECT"
    plain = _plain(text)
    head = re.split(r"\bFROM\b", plain, maxsplit=1, flags=re.IGNORECASE)[0]
    grouped = re.search(r"\bGROUP\s+BY\b", plain, re.IGNORECASE)
    return Told(
        verb=word,
        tables=tuple(dict.fromkeys(_tables(plain))),
        conditions=conditions(plain) if word in ("SELECT", "UPDATE", "DELETE", "INSERT") else (),
        parameters=len(re.findall(r"\?|%s|%\(\w+\)s|\$\d+|(?<![:\w]):[A-Za-z_]\w*|@\w+", text)),
        limited=bool(re.search(r"\bLIMIT\b|\bTOP\b|\bFETCH\s+(?:FIRST|NEXT)\b|\bROWNUM\b", plain, re.IGNORECASE)),
        offset=bool(re.search(r"\bOFFSET\s+\S|\bLIMIT\s+\?\s*,\s*\?", plain, re.IGNORECASE)),
        star=bool(re.search(r"(?:^|[\s,.])\*(?=\s*(?:,|$|\bFROM\b))", head, re.IGNORECASE)),
        one=bool(_AGGREGATE.search(head)) and not grouped and word == "SELECT",
        locks=bool(re.search(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b|\bFOR\s+(?:KEY\s+)?SHARE\b", plain, re.IGNORECASE)),
        cut=text.endswith("…"),
    )


def conditions(text: str) -> tuple[Condition, ...]:
    """Columns that a statement, or an expression of a plan, looks for and sorts by, in the order of the text."""
    plain = _plain(text)
    where = _ORDER.sub(" ", plain)
    where = re.sub(r"\bSET\b.*?(?=\bWHERE\b|$)", " ", where, flags=re.IGNORECASE)
    found = [*_compared(where), *_order(plain)]
    return tuple(dict.fromkeys(found))


def _plain(text: str) -> str:
    """Without quotes of names, casts, and parentheses around one name."""
    plain = _CAST.sub("", _QUOTES.sub(r"\1", text[:LONGEST]))
    for _ in range(3):
        plain, changed = _ALONE.subn(r"\1", plain)
        if not changed:
            break
    return plain


def _tables(plain: str) -> Iterator[Table]:
    read_to = 0
    for found in _SOURCE.finditer(plain):
        at: re.Match[str] | None = found if found.start() >= read_to else None
        while at is not None:
            if at[1].lower() not in _NO_ALIAS:
                yield Table(at[1], at[2] or at[1].split(".")[-1])
            read_to = at.end()
            at = _MORE_SOURCES.match(plain, read_to)


def _compared(where: str) -> Iterator[Condition]:
    for found in _COMPARED.finditer(where):
        column = found["column"]
        if column.split(".")[-1].lower() in _WORDS or (found["value"] or "").lower() in _WORDS:
            continue
        how = _how(found["operator"].upper())
        if how is None:
            continue
        function, value = found["function"], found["value"] or ""
        joined = how == "equality" and "." in value and re.fullmatch(_DOTTED, value) is not None
        expression = f"{function.lower()}({column.split('.')[-1]})" if function else None
        yield _condition(column, how, expression, value if joined else None)
        if joined:
            yield _condition(value, how, None, column)
    for found in _REVERSED.finditer(where):
        how = _how(found["operator"])
        if how is not None and found["column"].lower() not in _WORDS:
            yield _condition(found["column"], how, None)


def _how(operator: str) -> How | None:
    if operator in ("=", "IN"):
        return "equality"
    if operator in _RANGES:
        return "range"
    if operator in ("LIKE", "ILIKE", "~~", "~~*"):
        return "pattern"
    return None


def _order(plain: str) -> Iterator[Condition]:
    found = list(_ORDER.finditer(plain))
    if not found:
        return
    for part in found[-1]["columns"].split(","):
        words = part.split()
        if words and re.fullmatch(_DOTTED, words[0]):
            yield _condition(words[0], "order", None)


def _condition(dotted: str, how: How, expression: str | None, other: str | None = None) -> Condition:
    table, _, column = dotted.rpartition(".")
    beside = None if other is None or "." not in other else other.split(".")[-2]
    return Condition(table.split(".")[-1] or None, column, how, expression, beside)
