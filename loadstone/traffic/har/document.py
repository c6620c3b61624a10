"""A .har file to its entries: unpacked, decoded, and each error with its line. What an entry says is not read here.

A broken file is told by its place and by the kind of byte that stands there, never by its text: a recording holds
secrets.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from pathlib import Path

import msgspec

from loadstone.errors import Problem, SpecError

__all__ = ["MOST_BYTES", "Log", "no_json", "read_document", "read_packed", "whole_letters"]

MOST_BYTES = 2 << 30
"""The largest file that is read, unpacked. It is held in memory whole: about its own size, and what is kept of it."""

_PIECE = 1 << 24
_GZIP = b"\x1f\x8b"
_WHERE = re.compile(r"\(byte (\d+)\)")
_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SAVE = "save it in the browser's network panel with “Save all as HAR with content”"


class _Maker(msgspec.Struct):
    name: object = ""
    version: object = ""


class Log(msgspec.Struct):
    """``log`` of a HAR: its entries are still JSON text, views into the file's bytes."""

    entries: list[msgspec.Raw]
    creator: _Maker | None = None
    browser: _Maker | None = None

    @property
    def by(self) -> str:
        """Who wrote it: ``Firefox 132.0``."""
        made = self.creator or self.browser
        if made is None or not isinstance(made.name, str):
            return ""
        return f"{made.name} {made.version if isinstance(made.version, str | int | float) else ''}".strip()[:80]


class _Har(msgspec.Struct):
    log: Log


class _Anything(msgspec.Struct):
    info: msgspec.Raw = msgspec.Raw(b"")
    openapi: msgspec.Raw = msgspec.Raw(b"")
    swagger: msgspec.Raw = msgspec.Raw(b"")
    log: msgspec.Raw = msgspec.Raw(b"")


def read_document(path: Path) -> Log:
    """The log of a file, packed with gzip or not. Raises SpecError with file and line."""
    content = read_packed(path)
    try:
        try:
            return msgspec.json.decode(content, type=_Har).log
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):  # a body that was cut within a letter is common
            content = whole_letters(content)
            return msgspec.json.decode(content, type=_Har).log
    except msgspec.ValidationError as error:
        raise SpecError.of((_no_har(path, content, str(error)),)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise SpecError.of((no_json(path, content, str(error)),)) from None


def whole_letters(content: bytes) -> bytes:
    """With U+FFFD for bytes that are not UTF-8 and for half of a surrogate pair."""
    sound = content.decode("utf-8", "replace").encode()
    return _ESCAPES.sub(lambda found: rb"\ufffd" if found["half"] else found[0], sound)


def read_packed(path: Path) -> bytes:
    """The bytes of a file as UTF-8, unpacked where its first bytes say that it is packed."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    if content.startswith(_GZIP):
        content = _unpacked(path, content)
    if len(content) > MOST_BYTES:
        raise SpecError(f"{path} holds more than {MOST_BYTES >> 30} GiB\n    record less at a time")
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            content = content.decode(encoding, "replace").encode()
    if not content.strip():
        raise SpecError.of((Problem(str(path), 1, "an empty file", _SAVE),))
    return content


def _unpacked(path: Path, content: bytes) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with gzip.open(io.BytesIO(content)) as file:
            while piece := file.read(_PIECE):
                parts.append(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    break
    except (OSError, EOFError, zlib.error) as error:
        raise SpecError(f"{path} is packed with gzip and cannot be unpacked: {error}") from error
    return b"".join(parts)


def no_json(path: Path, content: bytes, said: str, expected: str = "") -> Problem:
    """Where a document stops being JSON, in words that quote none of it."""
    found = _WHERE.search(said)
    if found is None and "truncated" in said:
        line = content.rstrip().count(b"\n") + 1
        return Problem(
            str(path), line, "the end of the file, in the middle of a value", f"{_SAVE} once more; it was cut"
        )
    at = min(int(found[1]), len(content)) if found else 0
    line = content.count(b"\n", 0, at) + 1
    column = at - (content.rfind(b"\n", 0, at) + 1) + 1
    byte = content[at : at + 1]
    seen = f'"{byte.decode()}"' if byte.isascii() and byte.decode().isprintable() and byte else "a byte that is no text"
    if said.startswith("JSON is malformed: "):
        said = said.removeprefix("JSON is malformed: ")
    said = _WHERE.sub("", said).strip()
    return Problem(str(path), line, seen, f"this is not JSON at column {column} ({said}); {expected or _SAVE}")


def _no_har(path: Path, content: bytes, said: str) -> Problem:
    try:
        other = msgspec.json.decode(content, type=_Anything)
    except msgspec.DecodeError:
        other = _Anything()
    if bytes(other.openapi) or bytes(other.swagger):
        return Problem(str(path), 1, "an OpenAPI document", "give it with --openapi")
    if bytes(other.info) and not bytes(other.log):
        return Problem(str(path), 1, "a Postman collection", "give it with --postman")
    where = said.rpartition(" - at ")[2].strip("`") if " - at " in said else "the top"
    return Problem(str(path), 1, f"no log.entries ({where})", f"a HAR is {{log: {{entries: […]}}}}; {_SAVE}")
