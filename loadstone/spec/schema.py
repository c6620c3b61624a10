"""The JSON Schema of ``loadstone.toml``, for editors (``loadstone schema``)."""

from __future__ import annotations

from typing import Any

from loadstone.spec.grammar import ROOT

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12. It knows every key and form; what only a reading of the whole file can tell
    (names that refer to one another, files, template texts) is left to ``loadstone check``.
    """
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": ROOT.title, **ROOT.schema()}
