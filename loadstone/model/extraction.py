"""``extract.X = "…"``: a JSONPath (``$.items[*].id``), ``regex:…``, ``header:…`` or ``cookie:…``, and a pick.

The pick of several matches is written at the end: ``$.items[*].id | random`` (``first`` when nothing is said).
"""

from __future__ import annotations

import difflib
import re

from loadstone.model.workload import Extraction

__all__ = ["expression_problem", "parse_extraction"]

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's or a cookie's name (RFC 9110, 5.6.2)."""

_PICK = re.compile(r"(.*\S)\s+\|\s+([A-Za-z]+)\s*", re.DOTALL)


def parse_extraction(name: str, text: str) -> Extraction:
    """What ``extract.NAME = TEXT`` says. Raises ValueError with a sentence."""
    body, pick = text.strip(), "first"
    if found := _PICK.fullmatch(body):
        if found[2] in ("first", "last", "random"):
            body, pick = found[1], found[2]
        elif not body.startswith("regex:"):
            near = difflib.get_close_matches(found[2], ("first", "last", "random"), 1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise ValueError(f"the match to take is first, last or random{hint}")
    source, expression = _split(body)
    if source in ("header", "cookie"):
        if not TOKEN.fullmatch(expression):
            raise ValueError(f"{source}: is followed by the {source}'s name")
    elif problem := expression_problem(source, expression):
        raise ValueError(problem)
    match source, pick:
        case ("json" | "regex" | "header" | "cookie") as known, ("first" | "last" | "random") as which:
            return Extraction(name, known, expression, which)
    raise AssertionError("sources and picks are those above")


def expression_problem(source: str, expression: str) -> str | None:
    """What is wrong with a JSONPath (``json``) or a regular expression (``regex``), in the words of the engine.

    The engine's own compiler is the judge, so that what passes here runs there. Without the core nothing can be run,
    and nothing is judged.
    """
    if not expression:
        return "an expression is missing"
    try:
        from loadstone._core import expression_error
    except ImportError:
        return None
    problem = expression_error(source, expression)
    if problem is None:
        return None
    kind = "JSONPath (RFC 9535)" if source == "json" else "regular expression"
    return f"this is no {kind}: {problem}"


def _split(text: str) -> tuple[str, str]:
    if text.startswith("$"):
        return "json", text
    source, colon, expression = text.partition(":")
    if colon and source in ("regex", "header", "cookie"):
        return source, expression if source == "regex" else expression.strip()
    says = 'a value is extracted by a JSONPath that starts with "$", or by regex:…, header:… or cookie:…'
    if colon and (near := difflib.get_close_matches(source, ("regex", "header", "cookie"), 1)):
        raise ValueError(f'{says}; did you mean "{near[0]}:{expression}"?')
    if re.match(r"[.\[]?[A-Za-z_]", text) and not colon:
        raise ValueError(f'{says}; did you mean "${"" if text[0] in ".[" else "."}{text}"?')
    raise ValueError(says)
