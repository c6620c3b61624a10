"""OpenAPI 3.0 and 3.1 and Swagger 2.0: the routes that a document names, and how one logs in."""

from __future__ import annotations

from loadstone.traffic.openapi.reading import OpenApi, read_openapi

__all__ = ["OpenApi", "read_openapi"]
