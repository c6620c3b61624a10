"""Stacks in the formats that other tools read, one a file; functions of batches of the table of stacks."""

from __future__ import annotations

from loadstone.render.profile.collapsed import collapsed
from loadstone.render.profile.pprof import pprof
from loadstone.render.profile.speedscope import speedscope

__all__ = ["collapsed", "pprof", "speedscope"]
