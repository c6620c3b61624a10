"""One object of JSON as a typed struct; what is no UTF-8 or no Unicode is mended and counted, what is no object of
that kind is an error with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from loadstone.gather.imports.reading import at_offset
from loadstone.gather.imports.span import Seen

__all__ = ["Decoder"]

T = TypeVar("T")

LOOKED_AT = 1_000
"""Objects whose fields' names are held against the known ones; a writer does not change its mind later."""


class Decoder(Generic[T]):
    """Decodes objects of one kind. ``also`` are names that are known though nothing is made of them."""

    def __init__(self, path: Path, shape: type[T], seen: Seen, what: str, *, also: tuple[str, ...] = ()) -> None:
        self._path = path
        self._shape = shape
        self._seen = seen
        self._what = what
        self._decode = msgspec.json.Decoder(shape).decode
        fields = getattr(shape, "__struct_encode_fields__", ())
        self._known = frozenset((*fields, *also)) if fields else None
        self._left = LOOKED_AT

    def decode(self, data: bytes, offset: int) -> T:
        """The object, which begins at ``offset`` in the unpacked file."""
        if self._left and self._known is not None:
            self._left -= 1
            self._look(data)
        try:
            return self._decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
            return self._mended(data, offset, error)

    def _look(self, data: bytes) -> None:
        try:
            names = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        for name in names:
            if self._known is not None and name not in self._known:
                self._seen.unknown[name] += 1

    def _mended(self, data: bytes, offset: int, error: Exception) -> T:
        """What the strict decoder refused, read by the lenient one."""
        if not isinstance(error, msgspec.ValidationError):
            text = data.decode("utf-8", "replace")
            try:
                found = json.loads(text, strict=False)
                made = msgspec.convert(found, self._shape)
            except json.JSONDecodeError as wrong:
                place = offset + len(text[: wrong.pos].encode())
                raise at_offset(self._path, place, wrong.msg, f"{self._what} as JSON") from error
            except RecursionError:
                raise at_offset(self._path, offset, "values too deep within each other", self._what) from error
            except msgspec.ValidationError as wrong:
                error = wrong
            else:
                self._seen.repaired += 1
                return made
        raise at_offset(self._path, offset, str(error).replace("`", ""), self._what) from error
