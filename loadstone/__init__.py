"""Loadstone: a performance engineer's workbench.

The public surface, imported when it is used: ``import loadstone`` itself costs nothing.

    spec = loadstone.load_spec("loadstone.toml")
    run = loadstone.open_archive().resolve("last")
    run.manifest.summary.latency_s.response.p99
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadstone.archive import Archive, Run
    from loadstone.archive import find as open_archive
    from loadstone.drive.compile import compile_plan
    from loadstone.drive.engine import Engine
    from loadstone.drive.engine import native as native_engine
    from loadstone.drive.fake import scripted as scripted_engine
    from loadstone.drive.summary import exit_code, summarise
    from loadstone.errors import EvidenceError, InstrumentError, LoadstoneError, SpecError, TargetError
    from loadstone.lab.report import view as view_run
    from loadstone.lab.report import write_report
    from loadstone.lab.trial import Asked, Trial, run_trial
    from loadstone.model.interval import Interval, Sample
    from loadstone.model.run import Caveat, Manifest, Summary
    from loadstone.model.run_view import RunView
    from loadstone.spec import Spec
    from loadstone.spec import load as load_spec

__version__ = "0.1.0"

__all__ = [
    "Archive",
    "Asked",
    "Caveat",
    "Engine",
    "EvidenceError",
    "InstrumentError",
    "Interval",
    "LoadstoneError",
    "Manifest",
    "Run",
    "RunView",
    "Sample",
    "Spec",
    "SpecError",
    "Summary",
    "TargetError",
    "Trial",
    "__version__",
    "compile_plan",
    "exit_code",
    "load_spec",
    "native_engine",
    "open_archive",
    "run_trial",
    "scripted_engine",
    "summarise",
    "view_run",
    "write_report",
]

_ROOMS = {
    "archive": ("Archive", "Run", "open_archive=find"),
    "drive.compile": ("compile_plan",),
    "drive.engine": ("Engine", "native_engine=native"),
    "drive.fake": ("scripted_engine=scripted",),
    "drive.summary": ("exit_code", "summarise"),
    "errors": ("EvidenceError", "InstrumentError", "LoadstoneError", "SpecError", "TargetError"),
    "lab.report": ("view_run=view", "write_report"),
    "lab.trial": ("Asked", "Trial", "run_trial"),
    "model.interval": ("Interval", "Sample"),
    "model.run": ("Caveat", "Manifest", "Summary"),
    "model.run_view": ("RunView",),
    "spec": ("Spec", "load_spec=load"),
}
_PLACES = {
    entry.partition("=")[0]: (f"loadstone.{room}", entry.rpartition("=")[2])
    for room, entries in _ROOMS.items()
    for entry in entries
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'loadstone' has no attribute {name!r}")
    from importlib import import_module

    room, attribute = _PLACES[name]
    value: object = getattr(import_module(room), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
