"""Profiles that other tools wrote, as rows of the table of stacks. A format a file; each is known by its public form.

Formats without a clock give rows without an instant, formats without a unit count samples; nothing is made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from loadstone.errors import SpecError
from loadstone.gather.profile.rows import Row, batches
from loadstone.model.evidence import Columns

__all__ = ["FORMATS", "read"]

FORMATS = {
    "collapsed": "collapsed",
    "speedscope": "speedscope",
    "pprof": "pprof",
    "perf script": "perf_script",
    "cpuprofile": "cpuprofile",
}
"""Formats by the name that the importer gives them, and the file here that reads each."""


def read(path: Path, format: str) -> Iterator[Columns]:
    """Batches of the file's stacks.

    Raises SpecError, when it is reached, at the first place that the format does not allow: with file, line or byte,
    what was found and what is expected.
    """
    if format not in FORMATS:
        raise SpecError(f"{path}: profiles are read as {', '.join(FORMATS)}; {format!r} is none of them")
    rows: Callable[[Path], Iterator[Row]] = import_module(f"{__name__}.{FORMATS[format]}").rows
    return batches(rows(path))
