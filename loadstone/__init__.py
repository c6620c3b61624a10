"""Loadstone: a performance engineer's workbench."""

__version__ = "0.1.0"
