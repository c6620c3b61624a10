"""A Flask application with a page that says it is up: what most specimens start from."""

from __future__ import annotations

from flask import Flask

__all__ = ["application"]


def application(name: str) -> Flask:
    """``/healthz`` answers; the rest is the specimen's."""
    app = Flask(name)

    @app.get("/healthz")
    def health() -> str:
        return "ok"

    return app
