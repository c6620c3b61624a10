"""The page of a model of traffic: its view from the archive, and the file beside the document."""

from __future__ import annotations

from pathlib import Path

from loadstone.archive import Archive
from loadstone.archive.writer import replace
from loadstone.errors import InstrumentError
from loadstone.lab.traffic import kept_traffic
from loadstone.model.traffic import Traffic
from loadstone.model.traffic_view import TrafficView
from loadstone.render.html import traffic_html
from loadstone.render.traffic_view import traffic_view
from loadstone.traffic.fit import assumptions

__all__ = ["PAGE", "traffic_page", "write_traffic_page"]

PAGE = "traffic.html"


def traffic_page(archive: Archive, name: str) -> TrafficView:
    """The view of a kept model, by its id. Raises EvidenceError where it cannot be read."""
    traffic = kept_traffic(archive, name)
    return traffic_view(name, traffic, assumptions(traffic))


def write_traffic_page(document: Path, traffic: Traffic) -> Path:
    """``traffic.html`` beside ``traffic.json``. Raises InstrumentError where the page was not built or cannot be
    written."""
    path = document.with_name(PAGE)
    page = traffic_html(traffic_view(document.parent.name, traffic, assumptions(traffic)))
    try:
        replace(path, page.encode())
    except OSError as error:
        raise InstrumentError(f"{path} cannot be written: {error.strerror}") from error
    return path
