"""The spool: bodies as they came, frame after frame, in files that rotate.

A frame is ``[u32 length][u8 kind: 0 protobuf, 1 JSON][u8 0][u64 received_ns][length bytes]``, little endian; the body
is decompressed already. Files are ``otlp-000.spool``, ``otlp-001.spool`` and so on, mode 0600. A process that is killed
leaves at most one torn frame, at the end of the last file.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

__all__ = ["HEADER", "JSON", "PROTOBUF", "Spool", "SpoolFull", "cut_torn", "files"]

PROTOBUF, JSON = 0, 1
"""``kind`` of a frame."""

HEADER = struct.Struct("<IBBQ")

ROTATE_BYTES = 256 * 1024 * 1024
"""A file is closed once it is this long: few files, each mapped into memory at ease while it is decoded."""


class SpoolFull(Exception):
    """The spool has reached its bound, or the disk has: the message says which."""


class Spool:
    """Appends frames to ``directory``. Raises OSError when its first file cannot be made."""

    def __init__(self, directory: Path, most_bytes: int, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._directory = directory
        self._most_bytes = most_bytes
        self._rotate_bytes = rotate_bytes
        self._number = len(files(directory))
        self._file = self._next()
        self._length = 0
        self.bytes = 0
        """Bytes of all frames written, headers included."""

    def append(self, kind: int, received_ns: int, body: bytes) -> None:
        """Write one frame. Raises SpoolFull, and leaves the spool as it was, where there is no room for it."""
        size = HEADER.size + len(body)
        if self.bytes + size > self._most_bytes:
            raise SpoolFull(f"the spool holds {self.bytes} bytes of at most {self._most_bytes}")
        try:
            if self._length and self._length + size > self._rotate_bytes:
                following = self._next()
                os.close(self._file)
                self._file, self._length = following, 0
            self._write(HEADER.pack(len(body), kind, 0, received_ns), body)
        except OSError as error:
            os.ftruncate(self._file, self._length)
            os.lseek(self._file, self._length, os.SEEK_SET)
            raise SpoolFull(f"the spool cannot be written: {error.strerror}") from error
        self._length += size
        self.bytes += size

    def close(self) -> None:
        """No further frames."""
        os.close(self._file)

    def _write(self, header: bytes, body: bytes) -> None:
        size = len(header) + len(body)
        written = os.writev(self._file, (header, body))
        while written < size:  # a nearly full disk takes a part first and refuses then
            rest = header[written:] + body if written < len(header) else memoryview(body)[written - len(header) :]
            written += _write_more(self._file, rest)

    def _next(self) -> int:
        path = self._directory / f"otlp-{self._number:03d}.spool"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._number += 1
        return descriptor


def _write_more(descriptor: int, rest: bytes | memoryview) -> int:
    return os.write(descriptor, rest)


def files(directory: Path) -> list[Path]:
    """The spool's files, the oldest first."""
    return sorted(directory.glob("otlp-*.spool"), key=lambda path: int(path.stem.removeprefix("otlp-")))


def cut_torn(path: Path) -> int:
    """Cut off what follows the last whole frame; the bytes that were cut."""
    with path.open("r+b") as file:
        length = file.seek(0, os.SEEK_END)
        at = 0
        while at + HEADER.size <= length:
            file.seek(at)
            size = HEADER.unpack(file.read(HEADER.size))[0]
            if at + HEADER.size + size > length:
                break
            at += HEADER.size + size
        file.truncate(at)
    return length - at
