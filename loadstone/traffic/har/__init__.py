"""HTTP Archives: what a browser recorded, of Chrome, Firefox, Safari, WebPageTest and the tools that write HAR 1.2."""

from __future__ import annotations

from loadstone.traffic.har.reading import read_har, read_runs

__all__ = ["read_har", "read_runs"]
