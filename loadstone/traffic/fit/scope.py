"""What of a log becomes the workload: which routes, which are kept although they are rare, which visits are alike."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.model.route import Route
from loadstone.traffic.fit.survey import Survey

__all__ = ["OTHER", "Scope", "group_of", "scope_of"]

MOST_ROUTES = 200
"""The most asked for; a table of what follows what has the square of it in places, for each class of visits."""

MOST_CLASSES = 8
OTHER = "other"

FILES = 0.05
"""Where less than this is for anything but scripts, styles, pictures and fonts, serving them is the service's work."""

RARE = 0.01
"""Below this share of requests a route is rare: a run of some thousand requests may not meet it at all."""

_VERSION = re.compile(r"(api|rest|v\d+(\.\d+)?)$", re.IGNORECASE)
_FILE = re.compile(
    r"\.(css|m?js|map|png|jpe?g|gif|svg|webp|avif|ico|bmp|woff2?|[ot]tf|eot|mp[34]|webm|ogg|wav|wasm|webmanifest)$",
    re.IGNORECASE,
)


class Scope(NamedTuple):
    """``places`` int32[all routes] is the number in ``routes`` of each settled route, -1 for one that was left out.

    ``classes`` are the names of groups of routes, ``class_of`` int32[routes] the group of each, ``reads`` bool[routes]
    which change nothing, ``kept`` why a rare one stays. ``aside`` requests were for files and the like, ``left_out``
    for routes beyond the most asked for.
    """

    routes: tuple[Route, ...]
    origin: NDArray[np.int32]
    places: NDArray[np.int32]
    classes: tuple[str, ...]
    class_of: NDArray[np.int32]
    reads: NDArray[np.bool_]
    kept: tuple[str | None, ...]
    aside: int
    left_out: int


def group_of(template: str) -> str:
    """The resource that a route is about: its first segment that names one (``/api/v2/orders/{id}`` is ``orders``)."""
    for segment in template.split("/"):
        if segment and not segment.startswith("{") and not _VERSION.match(segment):
            return re.sub(r"[^A-Za-z0-9_-]+", "-", segment).strip("-").lower() or "home"
    return "home"


def scope_of(survey: Survey) -> Scope:
    """Choose. Rare routes that are slow or change something are chosen before common ones."""
    figures = survey.figures
    asked = [at for at in range(len(survey.routes)) if figures[at].requests > 0]
    own = [at for at in asked if not _is_aside(survey.routes[at], files=True)]
    if sum(figures[at].requests for at in own) < FILES * sum(figures[at].requests for at in asked):
        own = [at for at in asked if not _is_aside(survey.routes[at], files=False)]
    aside = sum(figures[at].requests for at in asked) - sum(figures[at].requests for at in own)
    total = sum(figures[at].requests for at in own)
    reasons = {at: _reason(survey, at, total) for at in own}
    ranked = sorted(own, key=lambda at: (-figures[at].requests, survey.routes[at].id))
    heavy = [at for at in ranked if reasons[at] is not None][: MOST_ROUTES // 4]
    chosen = set(heavy)
    chosen.update([at for at in ranked if at not in chosen][: MOST_ROUTES - len(chosen)])
    origin = [at for at in ranked if at in chosen]
    places = np.full(len(survey.routes), -1, dtype=np.int32)
    places[origin] = np.arange(len(origin), dtype=np.int32)
    sizes: dict[str, int] = {}
    groups = [group_of(survey.routes[at].template) for at in origin]
    for at, group in zip(origin, groups, strict=True):
        sizes[group] = sizes.get(group, 0) + figures[at].requests
    names = sorted(sizes, key=lambda name: (-sizes[name], name))
    if len(names) > MOST_CLASSES:
        names = [*[name for name in names if name != OTHER][: MOST_CLASSES - 1], OTHER]
    number = {name: at for at, name in enumerate(names)}
    return Scope(
        tuple(survey.routes[at] for at in origin),
        np.array(origin, dtype=np.int32),
        places,
        tuple(names),
        np.array([number.get(group, len(names) - 1) for group in groups], dtype=np.int32),
        np.array([survey.routes[at].safe for at in origin], dtype=bool),
        tuple(reasons[at] for at in origin),
        aside,
        total - sum(figures[at].requests for at in origin),
    )


def _is_aside(route: Route, *, files: bool) -> bool:
    """Whether it is not the service's own work: by its mark, or a file that browsers fetch to draw a page and keep."""
    return route.aside is not None or (files and route.safe and _FILE.search(route.template) is not None)


def _reason(survey: Survey, at: int, total: int) -> str | None:
    figures = survey.figures[at]
    if figures.requests >= RARE * total:
        return None
    if not survey.routes[at].safe:
        return "writes"
    slow = survey.slow_s is not None and figures.duration_p50_s is not None and figures.duration_p50_s >= survey.slow_s
    return "slow" if slow else None
