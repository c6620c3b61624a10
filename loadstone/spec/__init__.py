"""``loadstone.toml`` to nouns: each problem with its line, what was found and what is expected, all of them at once."""

from __future__ import annotations

from loadstone.spec.document import Assumption, Spec, Unknown
from loadstone.spec.hosts import check_host, host_problem
from loadstone.spec.reader import load
from loadstone.spec.schema import json_schema

__all__ = ["Assumption", "Spec", "Unknown", "check_host", "host_problem", "json_schema", "load"]
