"""What was met in a file, as sentences for the report."""

from __future__ import annotations

from loadstone.gather.imports.kin import REMEMBERED
from loadstone.gather.imports.masking import TEXT_BYTES
from loadstone.gather.imports.span import Seen

__all__ = ["notes_of"]

_NAMED = 5


def notes_of(seen: Seen) -> tuple[str, ...]:
    """One sentence for each thing that is not as the format says, or that was changed."""
    notes = [
        f"{_spans(count)} had times in {unit} by their magnitude, and were taken so."
        for unit, count in sorted(seen.units.items())
    ]
    told = (
        (seen.rescaled, "{} had times in another unit than nanoseconds, which was guessed by their magnitude."),
        (seen.absurd, "{} had no time of our days; it was kept as it is."),
        (seen.nameless, "{} had no usable trace id or span id and were left out."),
        (seen.timeless, "{} had no start and were left out."),
        (seen.endless, "{} had no end: they were not finished, or their durations are missing."),
        (seen.backwards, "{} ended before they started; their times were kept."),
        (seen.duplicates, "{} came more than once."),
        (seen.orphans, "{} named a parent that is not in the file."),
        (seen.skewed, "{} started before their parents: clocks differ between hosts."),
        (seen.split, "{} shared an id with their client's and got one of their own."),
    )
    notes += [sentence.format(_spans(count)) for count, sentence in told if count]
    if seen.broken:
        notes.append(f"{_many(seen.broken, 'cycle')} of parents {_were(seen.broken)} broken at the earliest span.")
    if seen.wide_cycles:
        notes.append(f"{_many(seen.wide_cycles, 'cycle')} of parents spread too far in the file and stayed.")
    if seen.truncated:
        notes.append(f"{_many(seen.truncated, 'statement')} {_were(seen.truncated)} cut short: their ends are unknown.")
    if seen.clipped:
        limit = f"over {TEXT_BYTES // 1024} KiB or beyond a span's limits"
        notes.append(f"{_many(seen.clipped, 'value')} {limit} {_were(seen.clipped)} cut.")
    if seen.repaired:
        notes.append(f"{_many(seen.repaired, 'object')} had texts that are not Unicode; these were mended.")
    if seen.unlooked:
        notes.append(f"Doubles and orphans were looked for among the first {REMEMBERED:,} spans.")
    if seen.unknown:
        names = ", ".join(name for name, _ in seen.unknown.most_common(_NAMED))
        more = f" and {len(seen.unknown) - _NAMED} more" if len(seen.unknown) > _NAMED else ""
        notes.append(f"Fields that the format does not have were passed over: {names}{more}.")
    for warning, count in seen.warnings.most_common(_NAMED):
        notes.append(f"The file itself warns on {_spans(count)}: {warning!r}.")
    return tuple(notes)


def _spans(count: int) -> str:
    return _many(count, "span")


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
