"""The manual pages of faults, out of their own files."""

from __future__ import annotations

import re
from dataclasses import fields
from inspect import cleandoc
from textwrap import dedent

from loadstone.diagnose.faults import detector, detectors
from loadstone.diagnose.suspect import Detector
from loadstone.model.fault_page import HEADINGS, FaultPage, Limit

__all__ = ["fault_page", "fault_pages"]


def fault_page(code: str) -> FaultPage:
    """The page of one fault. Raises KeyError for no code."""
    return _page(detector(code))


def fault_pages() -> tuple[FaultPage, ...]:
    """Every page, in the order in which faults are looked for."""
    return tuple(_page(found) for found in detectors())


def _page(found: Detector) -> FaultPage:
    text = cleandoc(found.__doc__ or "")
    title, _, rest = text.partition("\n")
    parts = re.split(rf"^({'|'.join(HEADINGS)})\n", rest, flags=re.M)
    limits = found.LIMITS
    return FaultPage(
        code=found.CODE,
        title=title.rstrip("."),
        sections={heading: dedent(body).strip() for heading, body in zip(parts[1::2], parts[2::2], strict=True)},
        needs=found.NEEDS,
        limits=tuple(Limit(field.name, _shown(getattr(limits, field.name))) for field in fields(limits)),
        reasons=cleandoc(type(limits).__doc__ or ""),
    )


def _shown(value: object) -> float | int | str:
    if isinstance(value, float | int | str):
        return value
    return ", ".join(map(str, value)) if isinstance(value, tuple | frozenset) else str(value)
