"""Prove a specimen's cure: its first finding's prediction beside what interleaved pairs of sick and cured measure.

The service is started anew for each run, so that neither side inherits the other's tables, caches or memory. Its
objective is lowered to the quantile that a run's requests carry: a p99 wants a thousand of them.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from loadstone.archive import Archive
from loadstone.lab.ledger import entries
from loadstone.model.comparison import LedgerEntry
from loadstone.model.quantity import parse_rate
from specimens.catalogue import Specimen
from specimens.neighbours import Neighbours
from specimens.run import command, diagnosis, drive, environment

__all__ = [
    "LEAST_S",
    "MOST_S",
    "PAIRS",
    "REQUESTS",
    "Proved",
    "ProvedFile",
    "at_share",
    "chosen",
    "judged_share",
    "measured_s",
    "prove",
    "read",
    "switched",
    "write",
]

PAIRS = 6
"""The fewest that can decide: 2^-6 on either end."""

REQUESTS = 250
"""Measured requests of a run, where its p95 is judged: twelve lie beyond it, and the observed run has the 200 that a
prediction needs."""

MANY, MANY_PER_S = 1_060, 40.0
"""From this rate on, so many that a p99 rests on a thousand."""

LEAST_S, MOST_S = 5.0, 60.0
"""Of one run, measured."""

SHARES = ((1_000, 0.99), (200, 0.95), (0, 0.5))
"""From so many requests on, this quantile is judged (loadstone/prove/design.py says the same)."""

WARM_UP_S = 2.0
_WITHIN_S = 1_200.0

Came = Literal["proved", "not found", "failed"]


class Proved(msgspec.Struct):
    """What came of one specimen. ``came`` is ``proved`` when there is a verdict, ``not found`` when nothing was named
    that could be proved, ``failed`` with the reason in ``note``. ``named`` is the code that was proved, ``entry`` the
    ledger's line."""

    name: str
    fault: str
    came: Came
    named: str = ""
    verdict: str = ""
    reason: str | None = None
    sentence: str = ""
    note: str = ""
    seed: int = 0
    measured_s: float = 0.0
    spent_s: float = 0.0
    entry: LedgerEntry | None = None

    def line(self) -> str:
        """For a terminal."""
        told = f"{self.name:<28} {self.came:<10} {self.verdict:<10} {self.reason or '-':<10} {self.named or '-':<20}"
        return told + "".join(f"\n{'':<39}{each}" for each in (self.sentence, self.note) if each)


class ProvedFile(msgspec.Struct, frozen=True):
    """What ``python -m specimens --prove FOLDER`` keeps of each."""

    specimen: Proved
    format: int = 1


def read(path: Path) -> Proved:
    """What a file keeps. Raises ValueError for a format that is not known."""
    found = msgspec.json.decode(path.read_bytes(), type=ProvedFile)
    if found.format != 1:
        raise ValueError(f"{path} has format {found.format}; format 1 is read")
    return found.specimen


def write(path: Path, proved: Proved) -> None:
    """Keep it there."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(ProvedFile(proved)), indent=2) + b"\n")


def measured_s(specimen: Specimen, requests: int = REQUESTS) -> float:
    """How long a run is measured, by the rate of the specimen's own spec."""
    rate_per_s = _rate_per_s(specimen)
    wanted = max(requests, MANY) if rate_per_s >= MANY_PER_S and requests >= REQUESTS else requests
    return float(math.ceil(min(max(wanted / rate_per_s, LEAST_S), MOST_S)))


def judged_share(specimen: Specimen, requests: int = REQUESTS) -> float:
    """The quantile that a run's requests carry."""
    count = _rate_per_s(specimen) * measured_s(specimen, requests)
    return next(share for least, share in SHARES if count >= least)


def at_share(text: str, share: float) -> str:
    """The spec with its objectives at that share of requests, where they ask for a higher one."""

    def lower(found: re.Match[str]) -> str:
        asked = float(found["percent"] or found["quantile"]) / 100
        return f'objective = "{min(asked, share) * 100:g}% <'

    return re.sub(r'^objective = "(?:(?P<percent>[0-9.]+)%|p(?P<quantile>[0-9.]+)) <', lower, text, flags=re.MULTILINE)


def _rate_per_s(specimen: Specimen) -> float:
    told = tomllib.loads(specimen.spec.read_text())
    (shape,) = told["shape"].values()
    return float(parse_rate(shape["rate"]))


def switched(specimen: Specimen) -> list[str]:
    """The arguments that tell the sides apart: A as it is sick, B cured."""
    words: list[str] = []
    for option, place, fault in (("--a-env", 0, "1"), ("--b-env", -1, "0")):
        words += [option, f"FAULT={fault}"]
        for name, value in specimen.env.items():
            if "|" in value:
                words += [option, f"{name}={value.split('|')[place]}"]
    return words


def chosen(specimen: Specimen, told: dict[str, Any]) -> dict[str, Any] | None:
    """The finding to prove: the first of the specimen's fault, else the first that is a claim; None without any."""
    claims = [finding for finding in told["findings"] if finding["severity"] != "info"]
    own = [finding for finding in claims if finding["fault"] == specimen.fault]
    return next(iter([*own, *claims]), None)


def prove(
    specimen: Specimen,
    neighbours: Neighbours,
    folder: Path,
    *,
    seed: int = 7,
    pairs: int = PAIRS,
    requests: int = REQUESTS,
) -> Proved:
    """Drive it sick, diagnose, prove the finding. Raises neighbours.Absent."""
    begun = time.monotonic()
    proved = Proved(specimen.name, specimen.fault, "failed", seed=seed, measured_s=measured_s(specimen, requests))
    try:
        _prove(specimen, neighbours, folder, proved, pairs, judged_share(specimen, requests))
    except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
        proved.note = f"{type(error).__name__}: {error}"
    proved.spent_s = round(time.monotonic() - begun, 1)
    return proved


def _prove(specimen: Specimen, neighbours: Neighbours, folder: Path, proved: Proved, pairs: int, share: float) -> None:
    change = partial(at_share, share=share)
    proved.note = drive(specimen, neighbours, folder, sick=True, seed=proved.seed, change=change)
    if proved.note:
        return
    told = diagnosis(specimen, neighbours, folder, sick=True)
    finding = chosen(specimen, told)
    if finding is None:
        proved.came, proved.note = "not found", told["sentence"]
        return
    proved.named = finding["fault"]
    words = ["prove", "--finding", finding["fingerprint"], *switched(specimen), "--pairs", str(pairs)]
    words += ["--for", f"{proved.measured_s:g}s", "--warm-up", f"{WARM_UP_S:g}s", "--seed", str(proved.seed)]
    env = environment(specimen, neighbours, folder, sick=True)
    done = command(*words, "--json", "-q", folder=folder, env=env, within_s=_WITHIN_S)
    (folder / "prove.json").write_text(done.stdout)
    if done.returncode not in (0, 1, 3, 4) or not done.stdout.strip():
        proved.note = (done.stderr or done.stdout)[-2000:]
        return
    comparison = json.loads(done.stdout)
    proved.came, proved.verdict, proved.reason = "proved", comparison["verdict"], comparison["reason"]
    proved.sentence = comparison["sentence"]
    proved.note = "; ".join(comparison["vetoed"])
    lines = entries(Archive(folder / "archive"))
    proved.entry = next((one for one in lines if one.experiment == comparison["experiment"]), None)
