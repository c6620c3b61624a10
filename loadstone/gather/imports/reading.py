"""A file's bytes, chunk by chunk: unpacked where it is gzip, and as UTF-8 where it says that it is UTF-16."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from loadstone.errors import SpecError
from loadstone.gather.profile.imports.wrong import at_byte, at_line

__all__ = ["CHUNK", "at_offset", "chunks", "head_of"]

CHUNK = 1 << 20
"""Bytes looked at together: some hundred spans, and little enough to stay in a processor's cache."""

_GZIP = b"\x1f\x8b"
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def chunks(path: Path, size: int = CHUNK) -> Iterator[bytes]:
    """The file's contents. Raises SpecError when it cannot be read, or when it is gzip and cut short."""
    done = 0
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            source = cast("IO[bytes]", gzip.GzipFile(fileobj=file) if packed else file)
            first = source.read(size)
            encoding = _UTF16.get(first[:2])
            decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
            chunk = first[2:] if decoder else first.removeprefix(codecs.BOM_UTF8)
            while chunk:
                done += len(chunk)
                yield decoder.decode(chunk).encode("utf-8", "replace") if decoder else chunk
                chunk = source.read(size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise at_byte(path, done, str(error), "a gzip file that is whole; copy it again") from error
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}; name a file that can be read") from error


def head_of(path: Path, size: int) -> bytes:
    """The first ``size`` bytes of the contents, or all of them."""
    head = b""
    for chunk in chunks(path, size):
        head += chunk
        if len(head) >= size:
            break
    return head[:size]


def at_offset(path: Path, offset: int, found: str, expected: str) -> SpecError:
    """The error for one place of a text, as its line: the file is read again to count."""
    line, rest = 1, offset
    for chunk in chunks(path):
        line += chunk.count(b"\n", 0, max(rest, 0))
        rest -= len(chunk)
        if rest <= 0:
            break
    return at_line(path, line, found, expected)
