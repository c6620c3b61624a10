"""What a line of an access log looks like: which of its pieces is what. The native reader runs it."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.errors import SpecError

__all__ = ["FieldAt", "FieldName", "LineFormat", "Part", "checked", "field", "joined", "literal"]

FieldName = Literal[
    "client",
    "forwarded",
    "time",
    "date",
    "clock",
    "request",
    "method",
    "target",
    "path",
    "query",
    "url",
    "status",
    "bytes",
    "duration",
    "referer",
    "agent",
    "host",
    "session",
    "user",
    "skip",
]
"""``forwarded`` wins over ``client``; ``request`` is ``METHOD target PROTOCOL``, ``url`` an absolute address;
``session`` is only hashed, ``user`` never kept."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of a text: a ``literal``, or a ``field`` that runs to the next literal. Quotes stand in the literals; a
    ``quoted`` field ends at the first ``"`` that no backslash escapes."""

    literal: str = ""
    field: FieldName | None = None
    style: str | None = None
    quoted: bool = False


class FieldAt(msgspec.Struct, frozen=True, omit_defaults=True):
    """A field of an object (the first of ``paths`` that is there), or of a table's column (no paths)."""

    field: FieldName | None = None
    paths: tuple[tuple[str, ...], ...] = ()
    style: str | None = None


class LineFormat(msgspec.Struct, frozen=True, omit_defaults=True):
    """``parts`` of a text, ``fields`` of a JSON object, ``columns`` of a table (null: of no use).

    ``header`` is what a table's line of names begins with; ``names`` says what each of them is. With ``inside`` a line
    is a JSON object that holds the line proper at this path, and ``outer`` the fields beside it, used where the inner
    line lacks them. ``escape`` says how quotes and control bytes are written; ``time_at`` whether a line's time is the
    request's start or, as with servers that write it when the line is written, its end.
    """

    name: str
    kind: Literal["text", "json", "table"]
    parts: tuple[Part, ...] = ()
    escape: Literal["none", "nginx", "apache"] = "none"
    time_at: Literal["start", "end"] = "end"
    fields: dict[str, FieldAt] = {}
    separator: str = ""
    quoted: bool = False
    columns: tuple[FieldAt | None, ...] = ()
    header: str = ""
    names: dict[str, FieldAt] = {}
    inside: tuple[str, ...] = ()
    outer: dict[str, FieldAt] = {}

    def to_json(self) -> bytes:
        """As the native reader takes it."""
        return msgspec.json.encode(self)

    def has(self) -> frozenset[str]:
        """The fields that a line of it tells."""
        found = {part.field for part in self.parts} | {column.field for column in self.columns if column}
        found |= {name.field for name in self.names.values()}
        return frozenset(str(name) for name in found if name) | self.fields.keys() | self.outer.keys()


def literal(text: str) -> Part:
    """What stands in every line."""
    return Part(literal=text)


def field(name: FieldName, style: str | None = None, *, quoted: bool = False) -> Part:
    """What differs from line to line."""
    return Part(field=name, style=style, quoted=quoted)


_RUNNING_ON = frozenset({"time", "request", "method", "target", "path", "url", "status"})
"""Fields that must be found where they stand: without knowing where they end nothing is read."""


def joined(parts: list[Part], at: str) -> tuple[Part, ...]:
    """Neighbouring literals made one; what is written twice counts once; quotes around a field mark it.

    Raises SpecError where one field runs into the next, so that nobody can tell where it ends.
    """
    out: list[Part] = []
    for part in parts:
        last = out[-1] if out else None
        if part.field is None and last is not None and last.field is None:
            out[-1] = literal(last.literal + part.literal)
        elif part.field is not None and last is not None and last.field is not None:
            telling = [name for name in (last.field, part.field) if name in _RUNNING_ON]
            if telling:
                raise SpecError(
                    f"{at}: nothing stands between two variables, so where the {telling[0]} ends cannot be told. "
                    "Put a space or quotes between them in the server's format."
                )
            out[-1] = field("skip", quoted=last.quoted)
        elif part.field is not None or part.literal:
            out.append(part)
    return tuple(_marked(out))


def _marked(parts: list[Part]) -> list[Part]:
    """Fields between quotes as ``quoted``, and each field told once."""
    seen: set[str] = set()
    marked: list[Part] = []
    for place, part in enumerate(parts):
        if part.field is None:
            marked.append(part)
            continue
        before = parts[place - 1].literal if place else ""
        after = parts[place + 1].literal if place + 1 < len(parts) else ""
        name: FieldName = "skip" if part.field in seen else part.field
        seen.add(part.field)
        quoted = before.endswith('"') and after.startswith('"')
        marked.append(field(name, part.style if name != "skip" else None, quoted=quoted))
    return marked


def checked(line_format: LineFormat, at: str) -> LineFormat:
    """The format, if it tells a time and a request. Raises SpecError that says what is missing and how to have it."""
    has = line_format.has()
    missing = []
    if not ("time" in has or {"date", "clock"} <= has):
        missing.append("a time ($time_local, $time_iso8601 or $msec in nginx, %t in Apache)")
    if not ("request" in has or ("method" in has and has & {"target", "path", "url"})):
        missing.append(
            "a request ($request, or $request_method and $request_uri in nginx; %r, or %m and %U%q in Apache)"
        )
    if missing:
        raise SpecError(f"{at}: this format lacks {' and '.join(missing)}; without it no traffic can be told.")
    return line_format
