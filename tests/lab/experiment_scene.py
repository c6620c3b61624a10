"""An experiment on a scripted load: real processes where a side is started, no request sent, no time passes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from loadstone.archive import Archive
from loadstone.drive.engine import Engine
from loadstone.drive.fake import Script, scripted
from loadstone.lab.experiment import ExperimentAsked, Quiet
from loadstone.model.comparison import Comparison, DesignTold
from loadstone.model.experiment import SideAsked
from loadstone.spec import Spec, load

LISTENER = """\
import os, socket, sys, time
print("up", os.environ.get("PORT"), os.environ.get("COLOUR"), flush=True)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    server.accept()[0].close()
"""

SPEC = """\
[service]
url = "http://127.0.0.1:{port}"
{start}
ready_timeout = "10s"

[[slo]]
name = "items are fast"
step = "read.item"
objective = "p95 < 300ms"

[[journey]]
name = "read"
[[journey.step]]
name = "item"
get = "/items/1"

[shape.short]
rate = "100/s"
duration = "4s"
warm_up = "1s"
"""


def listener(folder: Path) -> str:
    """A command of a service that accepts connections, with ``{port}`` in it."""
    (folder / "listener.py").write_text(LISTENER)
    return f"{sys.executable} -S {folder / 'listener.py'} {{port}}"


def spec_of(folder: Path, start: str | None = None, port: int = 9) -> Spec:
    """The spec, written there and read."""
    path = folder / "loadstone.toml"
    path.write_text(SPEC.format(port=port, start="" if start is None else f"start = {json.dumps(start)}"))
    return load(path)


def urls(a: int = 9, b: int = 10) -> tuple[SideAsked, SideAsked]:
    """Two services that are said to be up; nothing listens there, and nobody looks."""
    return side("A", "url", f"http://127.0.0.1:{a}"), side("B", "url", f"http://127.0.0.1:{b}")


def side(name: Literal["A", "B"], kind: Any, text: str | None = None, **more: Any) -> SideAsked:  # noqa: ANN401
    """One side; its label is its text."""
    return SideAsked(name=name, kind=kind, label=text or name, text=text, **more)


def asked(spec: Spec, sides: tuple[SideAsked, SideAsked], **more: Any) -> ExperimentAsked:  # noqa: ANN401
    """Six pairs of three seconds."""
    given: dict[str, Any] = {"pairs": 6, "measured_s": 3.0, "warm_up_s": 0.5, "seed": 41} | more
    return ExperimentAsked(sides=sides, spec=spec, shape=spec.shape, workload=spec.workload, **given)


class Scripts(Quiet):
    """The engine and the watch of one experiment. ``scripts`` says by side, and by run where it is a list, how the
    service takes the load; ``during`` is called with (side, pair) at the first interval of each run."""

    def __init__(
        self, scripts: dict[str, Script | Sequence[Script]], during: Callable[[str, int], None] | None = None
    ) -> None:
        self._scripts = scripts
        self._during = during
        self._first = False
        self.runs: list[tuple[str, int]] = []
        self.plans: list[dict[str, Any]] = []
        self.looks: list[Comparison] = []
        self.designs: list[tuple[DesignTold, float]] = []
        self.started = 0
        self.manifests: list[dict[str, Any]] = []

    def engine(self, plan: bytes) -> Engine:
        """For the run that was told last."""
        told, pair = self.runs[-1]
        self.plans.append(json.loads(plan))
        self._first = True
        scripts = self._scripts[told]
        script = scripts if isinstance(scripts, Script) else scripts[min(pair, len(scripts)) - 1]
        # The same arrivals, other work in each run, as a real service has it.
        return scripted(plan, msgspec.structs.replace(script, seed=len(self.runs)))

    def designed(self, design: DesignTold, length_s: float, *, margin: float, smallest: dict[str, float]) -> None:
        self.designs.append((design, length_s))

    def running(self, pair: int, pairs: int, side: str, left_s: float | None) -> None:
        self.runs.append((side, pair))

    def starting(self, service: object) -> None:
        self.started += 1

    def looked(self, comparison: Comparison) -> None:
        self.looks.append(comparison)

    def interval(self, interval: object) -> None:
        if self._first and self._during is not None:
            self._first = False
            self._during(*self.runs[-1])


def work(mean_s: float, **more: Any) -> Script:  # noqa: ANN401
    """Requests that take so long, each at once."""
    return Script(mean_s=mean_s, service="lognormal", **more)


def archive_in(folder: Path) -> Archive:
    """An archive beside the spec."""
    return Archive(folder / ".loadstone")
