"""pprof's profile.proto (github.com/google/pprof, proto/profile.proto), gzipped or not, by a small decoder of its own.

Of the values that a sample carries the profile's default is taken, as ``go tool pprof`` does: ``default_sample_type``,
else the last.
"""

from __future__ import annotations

import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from loadstone.errors import SpecError
from loadstone.gather.profile.imports.wire import Fields, Truncated, integers
from loadstone.gather.profile.imports.wrong import at_byte
from loadstone.gather.profile.rows import Row
from loadstone.model.frame import clean, frame_text, join_frames

__all__ = ["MOST_BYTES", "rows"]

MOST_BYTES = 1 << 30
"""How large a profile may be once it is unpacked: a file that packs more is a bomb, not a profile."""

_UNITS = {"nanoseconds": (1, "ns"), "microseconds": (10**3, "ns"), "milliseconds": (10**6, "ns")}
_UNITS |= {
    "seconds": (10**9, "ns"),
    "bytes": (1, "bytes"),
    "kilobytes": (1024, "bytes"),
    "megabytes": (1024**2, "bytes"),
}


def rows(path: Path) -> Iterator[Row]:
    """A row a sample. Instants are the profile's own: its start, for all of them."""
    data = _unpacked(path)
    try:
        profile = _Profile(data)
    except Truncated as error:
        raise at_byte(path, error.offset, error.found, "a pprof profile is protobuf, gzipped or not") from error
    if not profile.kinds:
        raise at_byte(path, 0, "no sample_type", "a pprof profile says what its values are")
    yield from profile.rows(path)


def _unpacked(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            data = (gzip.GzipFile(fileobj=file) if packed else file).read(MOST_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise at_byte(path, 0, str(error), "the file is not whole; copy it again") from error
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}; name a file that can be read") from error
    if len(data) > MOST_BYTES:
        raise at_byte(path, MOST_BYTES, "the profile goes on", f"a profile is at most {MOST_BYTES} bytes, unpacked")
    return data


class _Profile:
    """Profile of profile.proto: the fields that rows need, by their numbers there."""

    def __init__(self, data: bytes) -> None:
        fields = Fields(data)
        self.strings = [value.decode("utf-8", "replace") for value in fields.blobs(6)]
        self.kinds = [(self._text(kind.integer(1)), self._text(kind.integer(2))) for kind in fields.messages(1)]
        self.samples = fields.messages(2)
        self.functions = {
            f.integer(1): (self._text(f.integer(2)), self._text(f.integer(4))) for f in fields.messages(5)
        }
        self.locations = {place.integer(1): self._frames(place) for place in fields.messages(4)}
        self.time_ns = fields.integer(9)
        default = self._text(fields.integer(14))
        names = [kind for kind, _ in self.kinds]
        self.chosen = names.index(default) if default in names else len(names) - 1

    def _text(self, place: int) -> str:
        return self.strings[place] if 0 <= place < len(self.strings) else ""

    def _frames(self, location: Fields) -> list[str]:
        """Frames of one location from the leaf up: functions that were inlined come before their caller."""
        frames = []
        for line in location.messages(4):
            name, file = self.functions.get(line.integer(1), ("", ""))
            number = line.integer(2)
            frames.append(
                frame_text(name or f"0x{location.integer(3):x}", file or None, number if number > 0 else None)
            )
        return frames or [frame_text(f"0x{location.integer(3):x}")]

    def rows(self, path: Path) -> Iterator[Row]:
        kind, unit_name = self.kinds[self.chosen]
        factor, unit = _UNITS.get(unit_name, (1, "samples"))
        for sample in self.samples:
            values = [integers(value) for value in sample.all(2)]
            flat = [number for numbers in values for number in numbers]
            places = [number for value in sample.all(1) for number in integers(value)]
            if len(flat) != len(self.kinds):
                found = f"a sample with {len(flat)} values"
                raise at_byte(path, sample.start, found, f"a value for each of the {len(self.kinds)} sample types")
            unknown = [place for place in places if place not in self.locations]
            if unknown:
                raise at_byte(path, sample.start, f"location {unknown[0]}", "a sample names locations of the profile")
            weight = flat[self.chosen] * factor
            if not 0 < weight < 2**63:  # a difference of two profiles has negative values
                continue
            labels = self._labels(sample)
            frames = [frame for place in places for frame in self.locations[place]]
            yield Row(
                self.time_ns or None,
                clean(labels["source"]) or "pprof",
                _number(labels["pid"], 31),
                _number(labels["thread_id"] or labels["tid"], 63),
                clean(labels["thread_name"] or labels["thread"]) or None,
                labels["state"] if labels["state"] in ("cpu", "gil", "idle", "alloc") else _state(kind, unit),
                weight,
                unit,
                join_frames(reversed(frames)),
            )

    def _labels(self, sample: Fields) -> defaultdict[str, str]:
        found: defaultdict[str, str] = defaultdict(str)
        for label in sample.messages(3):
            found[self._text(label.integer(1))] = self._text(label.integer(2)) or str(label.integer(3))
        return found


def _state(kind: str, unit: str) -> str:
    if unit == "bytes" or kind in ("alloc_objects", "inuse_objects"):
        return "alloc"
    return "idle" if kind in ("delay", "contentions") else "cpu"


def _number(text: str, bits: int) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and int(text) < 2**bits else None
