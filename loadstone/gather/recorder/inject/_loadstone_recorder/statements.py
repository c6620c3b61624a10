"""What the hooks of databases share: a statement's text, a batch's parameters, a class before a C type.

A C type cannot be patched. Its subclass can be given out instead, made so that it stands just before the C type in the
order in which methods are looked up: ``type(name, (theirs, ours), {})`` with ``ours`` a direct subclass of the C type.
Then ``super()`` in the user's class finds our method, our method the C type's, and each call is seen once. Instances
stay instances of the user's class, under its name.
"""

from __future__ import annotations

from . import core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["batch", "between", "named_like", "say_once", "text_of"]

_HASHED = 64
"""Rows of a batch whose parameters are hashed: a hash costs about as much as SQLite takes to insert such a row."""

_CLASSES = 1_000  # of the caller that are remembered

_said: set[tuple[str, str]] = set()
_UNTOLD = object()  # hashes to "could not be told"


def text_of(sql: Any = "", context: Any = None) -> str:
    """A statement's text, "" for what is none. Of psycopg's composed statements and of templates the literals are left
    out: they are values. ``context`` is the connection or cursor that quotes the names."""
    if type(sql) is str:
        return sql
    try:
        if isinstance(sql, str):
            return str.__str__(sql)
        if isinstance(sql, (bytes, bytearray)):
            return bytes(sql).decode("utf-8", "replace")
        kind = type(sql).__name__
        if kind == "Literal":
            return "?"
        if kind == "Composed":
            return "".join([text_of(part, context) for part in sql])
        if kind == "Template":
            return "?".join(sql.strings)
        return str(sql.as_string(context))
    except Exception:
        return ""


def batch(rows: Any) -> tuple[Any, str]:
    """What to hash of an executemany's parameters, and the attributes that say how many there were."""
    if type(rows) is not list and type(rows) is not tuple:
        return _UNTOLD, ""  # perhaps an iterator, which is not ours to use up
    attributes = repr({"db.operation.batch.size": len(rows)}) if len(rows) > 1 else ""
    return (rows if len(rows) <= _HASHED else _UNTOLD), attributes


def named_like(made: Any, like: type) -> Any:
    """``made`` under the name of ``like``, for ``repr`` and for those who look classes up by name."""
    made.__module__, made.__name__, made.__qualname__ = like.__module__, like.__name__, like.__qualname__
    made.__doc__ = like.__doc__
    return made


def between(library: str, asked: Any, ours: Mapping[type, Any], made: dict[Any, Any]) -> Any:
    """The class to make instances of instead of ``asked``. ``ours`` are our subclasses by the C types that they stand
    before; ``made`` remembers. ``asked`` itself where it is a function, or a class that cannot be joined with ours."""
    try:
        found = made.get(asked)
        if found is not None:
            return found
        if not isinstance(asked, type):
            say_once(library, "connections or cursors that a function makes")
            return asked
        if len(made) >= _CLASSES:
            say_once(library, "a service that makes classes of connections or cursors without end")
            return asked
        for plain, inner in ours.items():
            if asked is plain:
                made[asked] = inner
                return inner
            if issubclass(asked, plain):
                # No dictionary of its own: where the user's class has none, its instances still have none.
                meta: Any = type(asked)
                joined = meta(asked.__name__, (asked, inner), {"__slots__": ()})
                made[asked] = asked if issubclass(asked, inner) else named_like(joined, asked)
                return made[asked]
    except Exception as error:
        say_once(library, f"{type(error).__name__}: {error}")
    return asked


def say_once(library: str, note: str) -> None:
    """Note what of a library that is covered is not."""
    if (library, note) not in _said and len(_said) < _CLASSES:
        _said.add((library, note))
        core.not_covered(library, note=note)
