"""A statement's parameters as a keyed hash: equal values hash equally within a run, and cannot be read back.

Only plain values are looked at. Anything else could do work when asked for its text (a lazy query set runs its query),
so one such value among the parameters leaves the hash UNKNOWN.
"""

from __future__ import annotations

import os
from _blake2 import blake2b

from .layout import UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["fingerprint"]

_LONG = 4096  # characters or bytes of one value, and values of one statement, that are looked at one by one
_DEEP = 4
_KNOWN, _SHORT = 4096, 128  # hashes remembered, and the longest parameters that they are remembered for

_known: dict[str, int] = {}

_keyed = blake2b(digest_size=8, key=os.environ.get("LOADSTONE_RECORDER_KEY", "").encode()[:64])
_PLAIN = {int, float, bool, type(None), complex}
_NAMED = {"datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "decimal.Decimal", "uuid.UUID"}


def fingerprint(values: Any) -> int:
    """The hash of a statement's parameters, a sequence or a mapping: 0 for none, UNKNOWN where it cannot be told."""
    try:
        kind = type(values)
        if (kind is tuple or kind is list) and len(values) <= _LONG:
            if not values:
                return 0
            for value in values:
                inner = type(value)
                if not (inner is int or (inner is str and len(value) <= _LONG) or inner in _PLAIN):
                    break
            else:
                told = repr(values) if kind is tuple else repr(tuple(values))
                known = _known.get(told)
                if known is None:
                    known = _hash(told.encode("utf-8", "surrogatepass"))
                    if len(told) <= _SHORT:
                        if len(_known) >= _KNOWN:
                            _known.clear()
                        _known[told] = known
                return known
        return _hash(_text(values, 0)) if values else 0
    except Exception:
        return UNKNOWN


def _hash(told: bytes) -> int:
    copy = _keyed.copy()
    copy.update(told)
    return int.from_bytes(copy.digest(), "little") | 2


def _text(value: Any, depth: int) -> bytes:
    kind = type(value)
    if kind is str or kind is bytes:
        if len(value) <= _LONG:
            return repr(value).encode("utf-8", "surrogatepass")
        raw = value if kind is bytes else value.encode("utf-8", "surrogatepass")
        return b"%d %s" % (len(raw), blake2b(raw, digest_size=16).digest())
    if kind in _PLAIN:
        return repr(value).encode()
    if kind is tuple or kind is list:
        if len(value) > _LONG or depth > _DEEP:
            raise ValueError
        return b"(" + b", ".join([_text(item, depth + 1) for item in value]) + (b",)" if len(value) == 1 else b")")
    if kind is dict:
        if len(value) > _LONG or depth > _DEEP:
            raise ValueError
        pairs = [_text(name, depth + 1) + b":" + _text(item, depth + 1) for name, item in value.items()]
        return b"{" + b",".join(pairs) + b"}"
    if kind is bytearray or kind is memoryview:
        return _text(bytes(value), depth)
    if f"{kind.__module__}.{kind.__qualname__}" in _NAMED:
        return repr(value).encode()
    raise ValueError
