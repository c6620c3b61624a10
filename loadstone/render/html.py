"""The report: one self-contained file that opens from a disk, drawn by its own script from the RunView inside it.

The page is built from ``ui/`` into package data; this file only puts the run into it, as text that no HTML parser
can take for anything else (WHATWG HTML, "Restrictions for contents of script elements").
"""

from __future__ import annotations

import html
from importlib.resources import files

import msgspec

from loadstone.errors import InstrumentError
from loadstone.model.run_view import RunView

__all__ = ["report_html"]

TITLE = "{{loadstone:title}}"
DATA = "{{loadstone:run-view}}"

# Within a JSON string each of these may be written as an escape; outside of one none of them occurs.
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def report_html(view: RunView) -> str:
    """The whole of ``report.html`` for this run. Raises InstrumentError when the page was not built."""
    head, data, tail = _page().partition(DATA)
    if not data or TITLE not in head:
        raise InstrumentError("the report's page in loadstone/render/bundle is not one of this version; run make build")
    title = html.escape(f"{view.headline} Run {view.manifest.run}, Loadstone")
    return f"{head.replace(TITLE, title)}{_embedded(view)}{tail}"


def _embedded(view: RunView) -> str:
    """JSON that cannot end the script element it stands in."""
    return msgspec.json.encode(view).decode().translate(_ESCAPES)


def _page() -> str:
    page = files("loadstone.render") / "bundle" / "report.html"
    try:
        return page.read_text(encoding="utf-8")
    except OSError as error:
        raise InstrumentError(
            "the report's page is not built; run make build, or: cd ui && npm ci && npm run build"
        ) from error
