"""Predict anew beside what was measured: a change of the estimator is told without proving every cure again.

The prediction is then of a run of its own, as long as the specimen's spec says, and the measurement of the pairs that
were run before: the same load, another hour.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from loadstone.model.finding import Predicted
from specimens.catalogue import Specimen
from specimens.neighbours import Neighbours
from specimens.proof import Proved
from specimens.run import diagnosis, drive

__all__ = ["foretell", "foretold"]


def foretell(specimen: Specimen, neighbours: Neighbours, folder: Path, proved: Proved) -> Proved:
    """Drive it sick and diagnose it. Raises neighbours.Absent, and RuntimeError where it cannot be driven."""
    trouble = drive(specimen, neighbours, folder, sick=True, seed=proved.seed)
    if trouble:
        raise RuntimeError(trouble)
    return foretold(proved, diagnosis(specimen, neighbours, folder, sick=True))


def foretold(proved: Proved, told: dict[str, Any]) -> Proved:
    """The proof with the prediction of this diagnosis, at the quantile that was measured. As it was where the finding
    is not named in it, or nothing was measured."""
    entry = proved.entry
    if entry is None:
        return proved
    found = [one for one in told["findings"] if one["fault"] == entry.fault and one["predicted"] is not None]
    here = [one for one in found if (one["locus"]["journey"], one["locus"]["step"]) == (entry.journey, entry.step)]
    if not here:
        return proved
    predicted = msgspec.convert(here[0]["predicted"], Predicted)
    entry = msgspec.structs.replace(
        entry,
        predicted_s=predicted.after(entry.at),
        predicted_ratio=predicted.ratio(entry.at),
        refused=predicted.refused,
        same_load=False,
    )
    return msgspec.structs.replace(proved, entry=entry)
