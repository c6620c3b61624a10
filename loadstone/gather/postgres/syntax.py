"""As much of a statement's syntax as tells whether it may be run again. What is not understood may not.

Three guards stand behind this one: the transaction is read-only, the protocol takes one command at a time, and the
plan is looked through before the statement runs.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

__all__ = ["Reading", "called", "parameters_of_limits", "read", "typed_literals"]

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*)
    |(?P<comment>/\*)
    |(?P<dollar>\$(?P<tag>[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$)
    |(?P<parameter>\$\d+)
    |(?P<string>[eE]'(?:[^'\\]|\\.|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')
    |(?P<quoted>(?:[uU]&)?"(?:[^"]|"")*")
    |(?P<word>[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*)
    |(?P<number>\d[\w.]*|\.\d[\w.]*)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_WRITES = frozenset({"insert", "update", "delete", "merge"})
_FIRST = frozenset({"select", "with", "values", "table"})
_LOCKS = re.compile(r"\bfor\s+(?:no\s+key\s+update|update|key\s+share|share)\b")

Kind = Literal["select", "write", "other"]


class Reading(msgspec.Struct, frozen=True):
    """A statement as far as it was read. ``select``: one query that changes nothing by its syntax; ``write``: one that
    may be planned and not run, and ``why``; ``other``: neither. ``functions`` are names before an opening bracket, in
    the case in which PostgreSQL looks them up."""

    kind: Kind
    why: str = ""
    functions: frozenset[str] = frozenset()
    parameters: int = 0


def read(statement: str) -> Reading:
    """Read one statement. Linear in its length, and safe with any text."""
    scanned = _scan(statement)
    return Reading("other", scanned) if isinstance(scanned, str) else _judged(*scanned)


def called(expression: str) -> frozenset[str]:
    """Names before an opening bracket in an expression of a plan; what cannot be read calls the name ``?``."""
    scanned = _scan(expression)
    return frozenset("?") if isinstance(scanned, str) else scanned[1]


def _scan(text: str) -> tuple[list[str], frozenset[str], int] | str:
    """Words and signs, names before brackets, the highest parameter; or why it cannot be read. A quoted name is a word
    behind a double quote, a literal a single quote."""
    words: list[str] = []
    functions: set[str] = set()
    parameters, at, name = 0, 0, ""
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return "it cannot be read"
        at, kind, token = found.end(), found.lastgroup, found[0]
        if kind == "space":
            continue
        if kind == "comment":
            at = _end_of_comment(text, at)
            if at < 0:
                return "a comment does not end"
            continue
        if kind in ("word", "quoted"):
            name = token.lower() if kind == "word" else token[token.index('"') + 1 : -1].replace('""', '"')
            words.append(name if kind == "word" else '"' + name)
            continue
        if kind in ("dollar", "tag"):
            end = text.find(token, at)
            if end < 0:
                return "a literal does not end"
            at = end + len(token)
            words.append("'")
        elif kind == "string":
            words.append("'")
        elif kind == "parameter":
            parameters = max(parameters, int(token[1:10]))
            words.append("$")
        elif kind == "other" and token in "'\"":
            return "a literal or a name does not end"
        else:
            words.append("0" if kind == "number" else token)
            if token == "(" and name:
                functions.add(name)
        name = ""
    return words, frozenset(functions), parameters


def typed_literals(statement: str) -> str:
    """``interval $1`` as ``$1::interval``: what pg_stat_statements makes of a typed literal is no SQL."""
    return re.sub(
        r"\b(interval|date|timestamptz|timestamp|timetz|time)\s+(\$\d+)\b", r"\2::\1", statement, flags=re.IGNORECASE
    )


def parameters_of_limits(statement: str) -> dict[int, str]:
    """Parameters that count rows, and a usual value for each: twenty for LIMIT, the first page for OFFSET."""
    found: dict[int, str] = {}
    for word, number in re.findall(
        r"\b(limit|offset|fetch\s+first|fetch\s+next)\s+\$(\d+)", statement, flags=re.IGNORECASE
    ):
        found[int(number)] = "0" if word.lower() == "offset" else "20"
    return found


def _judged(words: list[str], functions: frozenset[str], parameters: int) -> Reading:
    while words and words[-1] == ";":
        words.pop()
    first = next((word for word in words if word != "("), "")
    if ";" in words:
        return Reading("other", "it is more than one statement")
    plain = {word for word in words if word[:1] not in ('"', "'")}
    writes = sorted(_WRITES & plain)
    if first in _WRITES:
        return Reading("write", f"it is {'an' if first[0] in 'iu' else 'a'} {first.upper()}", functions, parameters)
    if first not in _FIRST:
        return Reading("other", f"{first.upper() or 'nothing'} has no plan")
    if "into" in plain and not writes:
        return Reading("other", "SELECT INTO makes a table")
    if _LOCKS.search(" ".join(words)):
        return Reading("write", "it locks rows", functions, parameters)
    if writes:
        return Reading("write", f"it holds {writes[0].upper()}", functions, parameters)
    return Reading("select", "", functions, parameters)


def _end_of_comment(statement: str, at: int) -> int:
    """Where the comment ends that begins before ``at``; comments nest. -1 where it does not end."""
    depth = 1
    for found in re.compile(r"/\*|\*/").finditer(statement, at):
        depth += 1 if found[0] == "/*" else -1
        if depth == 0:
            return found.end()
    return -1
