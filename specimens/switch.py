"""The switch of every specimen: ``FAULT=1`` (as it is without) shows the fault, ``FAULT=0`` the cure."""

from __future__ import annotations

import os

__all__ = ["SICK"]

SICK = os.environ.get("FAULT", "1") == "1"
