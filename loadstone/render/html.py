"""The pages: the report, one self-contained file that opens from a disk, and the same page as a server sends it.

The page is built from ``ui/`` into package data; this file only puts the run into it, as text that no HTML parser
can take for anything else (WHATWG HTML, "Restrictions for contents of script elements").
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from importlib.resources import files

import msgspec

from loadstone.errors import InstrumentError
from loadstone.model.proof_view import ExperimentView
from loadstone.model.run_view import RunView
from loadstone.model.traffic_view import TrafficView

__all__ = [
    "experiment_html",
    "report_html",
    "runs_html",
    "served_experiment_html",
    "served_html",
    "served_traffic_html",
    "traffic_html",
]

TITLE = "{{loadstone:title}}"
DATA = "{{loadstone:run-view}}"
DATA_BEGINS = '<script type="application/json" id="run-view">'
POLICY = "default-src 'none';"
NOTHING_MORE = {"run": "", "live": False, "trace": "", "events": ""}

# Within a JSON string each of these may be written as an escape; outside of one none of them occurs.
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def report_html(view: RunView) -> str:
    """The whole of ``report.html`` for this run. Raises InstrumentError when the page was not built."""
    return _filled(_title(view), view)


def served_html(view: RunView, served: Mapping[str, object]) -> str:
    """The run's page as a server sends it. ``served`` tells the page where to ask for more (ui/src/live/served.ts)."""
    return _filled(_title(view), view, {"served": served})


def experiment_html(view: ExperimentView) -> str:
    """The whole of an experiment's ``report.html``. Raises InstrumentError when the page was not built."""
    return _filled(_experiment_title(view), view)


def served_experiment_html(view: ExperimentView) -> str:
    """The experiment's page as a server sends it."""
    return _filled(_experiment_title(view), view, {"served": NOTHING_MORE})


def traffic_html(view: TrafficView) -> str:
    """The whole of ``traffic.html``. Raises InstrumentError when the page was not built."""
    return _filled(_traffic_title(view), view)


def served_traffic_html(view: TrafficView) -> str:
    """The page of a model of traffic as a server sends it."""
    return _filled(_traffic_title(view), view, {"served": NOTHING_MORE})


def runs_html(
    rows: Sequence[Mapping[str, object]],
    experiments: Sequence[Mapping[str, object]] = (),
    traffic: Sequence[Mapping[str, object]] = (),
) -> str:
    """The list of runs as a server sends it; a row is what ui/src/sections/runs.tsx reads."""
    return _filled("Runs, Loadstone", None, {"runs": rows, "experiments": experiments, "traffic": traffic})


def _filled(
    title: str, view: RunView | ExperimentView | TrafficView | None, more: Mapping[str, object] | None = None
) -> str:
    """The page with its data; with ``more`` it may ask the server that it came from, and no other."""
    head, data, tail = _page().partition(DATA)
    if not data or TITLE not in head or POLICY not in head or DATA_BEGINS not in head:
        raise InstrumentError("the report's page in loadstone/render/bundle is not one of this version; run make build")
    head = head.replace(TITLE, html.escape(title))
    if more is not None:
        elements = (
            f'<script type="application/json" id="{name}">{_json(value)}</script>' for name, value in more.items()
        )
        head = head.replace(POLICY, f"{POLICY} connect-src 'self';").replace(
            DATA_BEGINS, f"{''.join(elements)}{DATA_BEGINS}"
        )
    return f"{head}{'' if view is None else _json(view)}{tail}"


def _title(view: RunView) -> str:
    return f"{view.headline} Run {view.manifest.run}, Loadstone"


def _experiment_title(view: ExperimentView) -> str:
    told = view.gate or view.proof.comparison
    return f"{told.sentence} Experiment {view.experiment}, Loadstone"


def _traffic_title(view: TrafficView) -> str:
    return f"{view.headline} Traffic {view.id}, Loadstone"


def _json(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return msgspec.json.encode(value).decode().translate(_ESCAPES)


def _page() -> str:
    page = files("loadstone.render") / "bundle" / "report.html"
    try:
        return page.read_text(encoding="utf-8")
    except OSError as error:
        raise InstrumentError(
            "the report's page is not built; run make build, or: cd ui && npm ci && npm run build"
        ) from error
