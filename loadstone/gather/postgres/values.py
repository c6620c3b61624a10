"""Values for a statement's parameters, from what the table's statistics hold of the column they are compared with.

Which column that is, the plan tells better than the statement: its conditions are in one form, ``(alias.column =
$1)``, and each node names the relation behind an alias. Values are data; they go to the server and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from loadstone.gather.postgres.connection import TAG
from loadstone.gather.postgres.syntax import parameters_of_limits

if TYPE_CHECKING:
    from loadstone.gather.postgres.connection import Connection

__all__ = ["Compared", "Values", "compared", "nodes", "values_for"]

LIST = 10
"""How many values a list parameter gets."""

PREFIX = 3
"""How much of a usual value stands before the ``%`` of a LIKE."""

_NAME = r'(?:"(?:[^"]|"")+"|[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*)'
_CAST = r"(?:::[\w. ]+(?:\(\d+(?:,\d+)?\))?(?:\[\])?)?"
# A column that stands for itself: not the argument of a function, not a term of a sum.
_COLUMN = rf"(?<![\w$\"'.:(])(?<![-+*/|%] )\(*(?:(?P<alias>{_NAME})\.)?(?P<column>{_NAME})(?![\w$.(\"])\)*{_CAST}"
_SIGN = r"(?P<sign>=|<>|<=|>=|<|>|~~\*?)"
_PARAMETER = rf"(?P<any>ANY \()?\(*\$(?P<number>\d+)\)*{_CAST}"
_COMPARISON = re.compile(rf"{_COLUMN} {_SIGN} {_PARAMETER}")
_TURNED = re.compile(rf"\(*\$(?P<number>\d+)\)*{_CAST} {_SIGN} {_COLUMN}(?P<any>(?!))?")
_TURN = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ANY_PARAMETER = re.compile(r"\$(\d+)")
_RETURNS = re.compile(r"\(returns ([^)]*)\)")
_SHOWN_ONLY = ("Output",)


class Compared(msgspec.Struct, frozen=True):
    """A parameter and the column that it is compared with by ``sign``; ``any`` where it is a list."""

    number: int
    schema: str
    relation: str
    column: str
    sign: str
    any: bool


class Values(msgspec.Struct, frozen=True):
    """Values as SQL text, one a parameter, None for NULL. ``lacking`` are parameters without any; the source is
    ``none`` where there are no parameters."""

    texts: tuple[str | None, ...]
    source: Literal["sample", "pg_stats", "none"]
    lacking: tuple[int, ...] = ()
    note: str = ""


def values_for(
    connection: Connection,
    statement: str,
    types: Sequence[str],
    plan: Mapping[str, Any],
    sample: Sequence[object] | None,
) -> Values:
    """Values for all parameters of a statement: the sample's, else usual ones. Raises psycopg.Error."""
    if not types:
        return Values((), "none")
    if sample is not None and len(sample) == len(types):
        return Values(tuple(None if value is None else str(value) for value in sample), "sample")
    found: dict[int, str | None] = dict(parameters_of_limits(statement))
    places = compared(plan)
    for one in places:
        if one.number not in found:
            text = _usual(connection, one)
            if text is not None:
                found[one.number] = text
    for number in _only_shown(plan, len(types)):
        found.setdefault(number, None)
    lacking = tuple(number for number in range(1, len(types) + 1) if number not in found)
    unknown = sorted({one.relation for one in places if one.number in lacking})
    note = ""
    if lacking:
        note = f"no usual value is known for {', '.join(f'${number}' for number in lacking)}"
        if unknown:
            note += f" (no statistics of {', '.join(unknown)} to be seen: run ANALYZE, or grant SELECT)"
    return Values(tuple(found.get(number) for number in range(1, len(types) + 1)), "pg_stats", lacking, note)


def compared(plan: Mapping[str, Any]) -> tuple[Compared, ...]:
    """The parameters that a plan (VERBOSE, generic) compares with columns, each once."""
    relations: dict[str, tuple[str, str]] = {}
    own = _own_parameters(plan)
    for node in nodes(plan):
        if "Relation Name" in node:
            relations[str(node.get("Alias", node["Relation Name"]))] = (
                str(node.get("Schema", "")),
                str(node["Relation Name"]),
            )
    found: dict[int, Compared] = {}
    for node in nodes(plan):
        for text in _conditions(node):
            for pattern in (_COMPARISON, _TURNED):
                for match in pattern.finditer(text):
                    number, alias = int(match["number"]), _bare(match["alias"] or str(node.get("Alias", "")))
                    if alias in relations and number not in found and number not in own:
                        sign = match["sign"] if pattern is _COMPARISON else _TURN.get(match["sign"], match["sign"])
                        schema, relation = relations[alias]
                        found[number] = Compared(
                            number, schema, relation, _bare(match["column"]), sign, bool(match["any"])
                        )
    return tuple(found.values())


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A plan's nodes, parents before children."""
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in node.get("Plans", ()) if isinstance(child, Mapping)]


def _conditions(node: Mapping[str, Any]) -> Iterator[str]:
    for name, value in node.items():
        if isinstance(value, str) and name not in _SHOWN_ONLY:
            yield value
        elif isinstance(value, list) and name != "Plans" and name not in _SHOWN_ONLY:
            yield from (one for one in value if isinstance(one, str))


def _own_parameters(plan: Mapping[str, Any]) -> set[int]:
    """Numbers that the plan gives to results of its own sub-queries, written like parameters (before version 17)."""
    names = (str(node.get("Subplan Name", "")) for node in nodes(plan))
    lists = (found[1] for name in names if (found := _RETURNS.search(name)))
    return {int(number) for text in lists for number in _ANY_PARAMETER.findall(text)}


def _only_shown(plan: Mapping[str, Any], count: int) -> set[int]:
    """Parameters that are only given back, or reckoned into what is: no condition, key or call names them, and no
    function makes rows of them, so their value decides nothing."""
    deciding = {
        int(number) for node in nodes(plan) for text in _conditions(node) for number in _ANY_PARAMETER.findall(text)
    }
    shown = {
        int(number)
        for node in nodes(plan)
        if node.get("Node Type") != "ProjectSet"
        for text in node.get("Output", ())
        for number in _ANY_PARAMETER.findall(str(text))
    }
    return {number for number in shown - deciding - _own_parameters(plan) if number <= count}


def _usual(connection: Connection, one: Compared) -> str | None:
    """A usual value of a column for this comparison; None where the statistics hold none or may not be read."""
    row = connection.execute(
        f"SELECT {TAG} most_common_vals::text::text[], histogram_bounds::text::text[] FROM pg_stats "
        "WHERE schemaname = %s AND tablename = %s AND attname = %s ORDER BY inherited LIMIT 1".encode(),
        (one.schema, one.relation, one.column),
    ).fetchone()
    if row is None:
        return None
    common: list[str] = [text for text in row[0] or () if text is not None]
    bounds: list[str] = [text for text in row[1] or () if text is not None]
    middle = bounds[len(bounds) // 2 : len(bounds) // 2 + 1]
    if one.any:
        listed = (common + bounds)[:LIST]
        return "{" + ",".join(_element(text) for text in listed) + "}" if listed else None
    if one.sign in _TURN and not middle:
        listed = sorted(common, key=_order)
        middle = listed[len(listed) // 2 : len(listed) // 2 + 1]
    usual = next(iter([*middle, *common] if one.sign in _TURN else [*common, *middle]), None)
    if usual is not None and one.sign.startswith("~~"):
        return re.sub(r"([\\%_])", r"\\\1", usual[:PREFIX]) + "%"
    return usual


def _order(text: str) -> tuple[int, float, str]:
    """Numbers by their value, all else as text: dates and times sort so too."""
    try:
        return 0, float(text), ""
    except ValueError:
        return 1, 0.0, text


def _element(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
