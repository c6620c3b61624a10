"""The spool's files as one table, and what came of their decoding, told once the table has been read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from loadstone.errors import EvidenceError
from loadstone.model.evidence import Columns
from loadstone.model.redaction import Redaction

if TYPE_CHECKING:
    from loadstone.gather.spans import Decoded

__all__ = ["DECODED", "Documents", "Spooled"]

DECODED = "decoded.json"
"""The document with the decoder's counts over all files, ``loadstone.gather.spans.Decoded``."""


class Spooled:
    """Batches of the table ``spans`` of all files, read once.

    A file that is no spool does not cost the others: its EvidenceError is raised when they have been read.
    """

    def __init__(self, files: tuple[Path, ...], redaction: Redaction) -> None:
        self._files = files
        self._redaction = redaction
        self._counts: list[Decoded] = []

    def __iter__(self) -> Iterator[Columns]:
        from loadstone.gather.spans import decode_spool

        failure: EvidenceError | None = None
        for path in self._files:
            try:
                decoding = decode_spool(path, self._redaction)
                try:
                    yield from decoding
                finally:
                    self._counts.append(decoding.counts)
            except EvidenceError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    @property
    def counts(self) -> Decoded:
        """The sum over the files that were read so far."""
        from loadstone.gather.spans import Decoded

        every = [msgspec.structs.asdict(counts) for counts in self._counts]
        errors = [told for counts in every if (told := counts.pop("first_error")) is not None]
        summed = {name: sum(counts[name] for counts in every) for name in (every[0] if every else ())}
        return Decoded(**summed, first_error=errors[0] if errors else None)


class Documents(Mapping[str, bytes]):
    """Documents of which one, the decoder's counts, is written when it is asked for: after the table was read."""

    def __init__(self, known: Mapping[str, bytes], spooled: Spooled) -> None:
        self._known = known
        self._spooled = spooled

    def __getitem__(self, name: str) -> bytes:
        if name == DECODED:
            return msgspec.json.format(msgspec.json.encode(self._spooled.counts))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._known
        yield DECODED

    def __len__(self) -> int:
        return len(self._known) + 1
