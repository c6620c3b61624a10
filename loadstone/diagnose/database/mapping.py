"""Which frames of a stack make objects out of rows: mappers and drivers, by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.runtime.frames import Frame
from loadstone.diagnose.runtime.stacks import Profile, profile_of
from loadstone.diagnose.suspect import Scene

__all__ = ["Mapping", "mapping"]

_MAKES = re.compile(
    r"sqlalchemy/orm/(?:loading|strategies|identity|state|attributes|context)\.py|"
    r"sqlalchemy/engine/(?:result|cursor|row|_py_row|processors|default)\.py.*(?:fetch|_allrows|process|_raw_all_rows)|"
    r"sqlalchemy/sql/sqltypes\.py|sqlalchemy/engine/_?processors|"
    r"django/db/models/query\.py|django/db/models/base\.py|"
    r"django/db/models/sql/compiler\.py.*(?:results_iter|apply_converters|cursor_iter)|django/db/models/fields/|"
    r"peewee\.py.*(?:iterate|process_row|next|fill_cache|initialize)|tortoise/(?:models|queryset|fields|backends)|"
    r"sqlmodel/|mongoengine/(?:base|queryset|fields)|"
    r"psycopg/(?:_?transform|_py_transformer|rows|types|_adapters_map|cursor\.py.*fetch)|psycopg_binary|psycopg_c|"
    r"org\.hibernate\.(?:loader|sql\.results|sql\.exec|engine\.internal|type)|EntityMaterializer|Materiali[sz]er|"
    r"RawSqlResultsToEntityTransformer|sequelize/lib/(?:model|dialects/abstract/query)|@prisma/client/runtime|"
    r"mongoose/lib/(?:document|queryhelpers|schema)|pg/lib/result\.js|pg-types|active_record/(?:core|result|"
    r"persistence|attribute)|bson/(?:decoder|__init__\.py.*decode)"
)
_SENDS = re.compile(
    r"(?:^|\.)(?:execute|_execute_\w+|do_execute|_exec_driver_sql|execute_sql|_prepare_and_execute|save\w*|delete\w*|"
    r"_do_get|connect|ensure_connection|_connection_from_pool|commit|flush|compile\w*|as_sql|__init__\.execute)$"
)
"""Functions below a mapper in which it sends a statement or writes its text: no making of objects."""


@dataclass(frozen=True)
class Mapping:
    """CPU of the service's ``working_ns`` that goes into making objects of rows, and the application's lines that it
    is for, the dearest first. ``samples`` are how many were seen, ``of`` how many of all work."""

    working_ns: float
    mapping_ns: float
    samples: int
    of: int
    lines: tuple[tuple[Frame, float], ...]
    library: str


def mapping(scene: Scene) -> Mapping | None:
    """What a profile says of it, for ``scene.once``; None where no such frame is in it."""
    profile = scene.once(profile_of)
    made = np.array([_makes(frames) for frames in profile.stacks] or [-1], np.int32)
    working = profile.working()
    if not len(profile) or not working.any():
        return None
    mine = working & (made[profile.stack] >= 0)
    if not mine.any():
        return None
    return Mapping(
        float(profile.weight[working].sum()),
        float(profile.weight[mine].sum()),
        int(mine.sum()),
        int(working.sum()),
        _lines(profile, mine, made),
        _library(profile, mine, made),
    )


def _makes(frames: Sequence[Frame]) -> int:
    """The place of the frame in which objects are made, -1 where there is none, where a statement is sent below, or
    where a driver's own call was observed (SQLite, at work in the process)."""
    if frames and "_loadstone_recorder/lib_" in (frames[-1].file or ""):
        return -1
    for place, frame in enumerate(frames):
        if _MAKES.search(f"{frame.file or ''} {frame.function}"):
            below = frames[place:]
            if not any(_SENDS.search(one.function) for one in below):
                return place
            return -1
    return -1


def _lines(profile: Profile, mine: NDArray[np.bool_], made: NDArray[np.int32]) -> tuple[tuple[Frame, float], ...]:
    weights: dict[Frame, float] = {}
    by_stack = np.bincount(profile.stack[mine], profile.weight[mine], len(profile.stacks))
    for stack in np.flatnonzero(by_stack).tolist():
        above = [one for one in profile.stacks[stack][: made[stack]] if one.origin == "application"]
        if above:
            weights[above[-1]] = weights.get(above[-1], 0.0) + float(by_stack[stack])
    return tuple(sorted(weights.items(), key=lambda pair: (-pair[1], pair[0].where)))


def _library(profile: Profile, mine: NDArray[np.bool_], made: NDArray[np.int32]) -> str:
    by_stack = np.bincount(profile.stack[mine], profile.weight[mine], len(profile.stacks))
    stack = int(by_stack.argmax())
    frame = profile.stacks[stack][made[stack]]
    path = (frame.file or frame.function).split("site-packages/")[-1].split("node_modules/")[-1]
    return path.split("/")[0].removesuffix(".py") if "/" in path else ".".join(path.split(".")[:2])
