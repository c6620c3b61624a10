"""The recorder as a collector: goes into the service by two environment variables, and reads what it left behind."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from loadstone.gather.collector import Gathered, Scene, Start
from loadstone.gather.recorder.convert import Counts, spans, waits
from loadstone.gather.recorder.coverage import Watch, coverage
from loadstone.gather.recorder.reading import read
from loadstone.model.evidence import Columns, Coverage, Missing

__all__ = ["INJECT", "Recorder"]

INJECT = Path(__file__).parent / "inject"
"""The directory that goes on PYTHONPATH."""

COST = (
    "17 to 19 us of CPU a span in a request of 20 statements, 38 to 50 us in a request of one span, beside Django and "
    "SQLite on a busy machine (docs/performance.md)"
)


class Recorder:
    """Traces of a Python service that Loadstone starts, without a change to it."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._watch = Watch()
        self.counts = Counts()
        """What became of the records; complete once the tables of ``close`` have been read."""

    @property
    def name(self) -> str:
        """The collector's name in a manifest."""
        return "recorder"

    def prepare(self, scene: Scene, start: Start | None) -> Start | None:
        """Put the recorder first on PYTHONPATH; what was on it stays behind."""
        self._scene = scene
        if start is None:
            return None
        before = start.env.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        key = hashlib.blake2b(scene.redaction.key.encode(), digest_size=16, person=b"recorder").hexdigest()
        added = {
            "PYTHONPATH": f"{INJECT}{os.pathsep}{before}" if before else str(INJECT),
            "LOADSTONE_RECORDER": str(scene.spool),
            "LOADSTONE_RECORDER_KEY": key,
        }
        return Start(start.argv, {**start.env, **added})

    def open(self) -> None:
        """Note which processes there are."""
        self._look()

    def mark(self, phase: str) -> None:
        """Nothing: a phase is told by the spans' instants."""

    def stop(self) -> None:
        """Note which processes there are now: workers come and go."""
        self._look()

    def close(self) -> Gathered:
        """Read every process's spool."""
        scene = self._scene
        if scene is None:
            return Gathered()
        found, refused = read(scene.spool)
        rows = coverage(found, self._watch, INJECT)
        service = (scene.cwd or Path.cwd()).name
        host = socket.gethostname()
        tables: dict[str, Iterable[Columns]] = {
            "spans": spans(found, scene.redaction, host, service, self.counts),
            "waits": waits(found, self.counts),
        }
        return Gathered(
            tables=tables, coverage=tuple(rows), missing=tuple(_missing(rows, refused, len(found))), cost=COST
        )

    def _look(self) -> None:
        if self._scene is not None:
            self._watch.look(self._scene.pids())


def _missing(rows: Iterable[Coverage], refused: Iterable[str], processes: int) -> Iterable[Missing]:
    if not processes:
        yield Missing(
            "recorder",
            "no process of the service loaded the recorder",
            'it is for Python services that [service] start starts; others export, or take instrument = "otel"',
        )
    lost = sum(row.state == "not loaded" for row in rows)
    if lost and processes:
        yield Missing("recorder", f"{lost} Python processes of the service are not recorded", "see coverage for why")
    for words in refused:
        yield Missing("recorder", f"a process's spool could not be read: {words}")
