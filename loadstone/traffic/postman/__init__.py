"""Postman collections, format 2.0 and 2.1: what they ask for, in their order, and the routes that this names."""

from __future__ import annotations

from loadstone.traffic.postman.reading import read_postman

__all__ = ["read_postman"]
