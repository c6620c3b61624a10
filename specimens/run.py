"""Drive a specimen sick or cured, bare and observed, diagnose it, and hold what is named against what is expected."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from specimens.catalogue import Specimen
from specimens.neighbours import Neighbours
from tests.throwaway import free_port

__all__ = ["Judged", "Outcome", "command", "diagnosis", "drive", "environment", "judge"]

ROOT = Path(__file__).parent.parent
_WITHIN_S = 300.0

Outcome = Literal["named first", "named", "missed", "false", "silent", "failed"]


@dataclass
class Judged:
    """What came of one specimen. Sick: ``named first``, ``named`` (behind another) or ``missed``. Cured: ``silent``, or
    ``false`` when the fault is still named above "info". ``failed``: it could not be driven. ``off`` lists what of
    the locus is not as expected, ``named`` the codes in their order."""

    name: str
    fault: str
    sick: bool
    outcome: Outcome
    named: list[str] = field(default_factory=list)
    off: list[str] = field(default_factory=list)
    note: str = ""
    sentence: str = ""
    run: str = ""

    def line(self) -> str:
        """For a terminal."""
        told = (
            f"{self.name:<28} {'fault' if self.sick else 'cure ':<6} {self.outcome:<12} {', '.join(self.named) or '-'}"
        )
        return told + "".join(f"\n{'':<36}{each}" for each in [*self.off, self.note] if each)

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def command(
    *words: str, folder: Path, env: dict[str, str], within_s: float = _WITHIN_S
) -> subprocess.CompletedProcess[str]:
    """``loadstone`` with these words, in the folder and on its archive."""
    line = [sys.executable, "-m", "loadstone", *words, "--archive", str(folder / "archive")]
    return subprocess.run(line, cwd=folder, env=env, capture_output=True, text=True, timeout=within_s)


def environment(specimen: Specimen, neighbours: Neighbours, folder: Path, sick: bool) -> dict[str, str]:
    """What the service and the commands see."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"FAULT": str(int(sick)), "SPECIMEN_FOLDER": str(folder), "PATH": path, "PYTHONPATH": str(ROOT)}
    named = {name: value.split("|")[0 if sick else -1] for name, value in specimen.env.items()}
    return os.environ | neighbours.env | own | named


def drive(
    specimen: Specimen,
    neighbours: Neighbours,
    folder: Path,
    *,
    sick: bool,
    seed: int = 7,
    change: Callable[[str], str] = lambda text: text,
) -> str:
    """Run what the specimen's own spec says, on a free port, with evidence. "" or why it could not be done. ``change``
    is made to the spec's text before that.

    Raises neighbours.Absent.
    """
    neighbours.need(specimen.needs)
    text = change(specimen.spec.read_text()).replace("8000", str(free_port()))
    text = text.replace('cwd = "../.."', f'cwd = "{ROOT}"')
    env = environment(specimen, neighbours, folder, sick)
    if 'cwd = "."' in text:
        _settle(specimen, neighbours, folder, env)
    (folder / "loadstone.toml").write_text(text)
    done = command("run", "--evidence", "--seed", str(seed), "--json", "-q", "--no-report", folder=folder, env=env)
    (folder / "run.json").write_text(done.stdout)
    return "" if done.returncode in (0, 1, 3, 4) else (done.stderr or done.stdout)[-2000:]


def _settle(specimen: Specimen, neighbours: Neighbours, folder: Path, env: dict[str, str]) -> None:
    """What is not Python runs where its packages and its build are: a copy beside the spec."""
    for file in specimen.folder.iterdir():
        if file.is_file() and file.suffix != ".toml":
            shutil.copy(file, folder)
    if neighbours.node_modules is not None and not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(neighbours.node_modules)
    if specimen.build:
        subprocess.run(specimen.build, cwd=folder, env=env, check=True)


def diagnosis(specimen: Specimen, neighbours: Neighbours, folder: Path, *, sick: bool) -> dict[str, Any]:
    """What ``loadstone diagnose last --json`` says. Raises RuntimeError when it fails."""
    env = environment(specimen, neighbours, folder, sick)
    done = command("diagnose", "last", "--json", folder=folder, env=env)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:] or done.stdout[-2000:])
    (folder / "diagnosis.json").write_text(done.stdout)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def judge(specimen: Specimen, told: dict[str, Any], *, sick: bool) -> Judged:
    """Hold a diagnosis against what the specimen expects."""
    above = [finding for finding in told["findings"] if finding["severity"] != "info"]
    codes = [finding["fault"] for finding in above]
    judged = Judged(specimen.name, specimen.fault, sick, "missed", codes)
    judged.sentence, judged.run = str(told.get("sentence") or ""), str(told.get("run") or "")
    missing = [one for one in told["could_not_look"] if one["fault"] == specimen.fault]
    if missing and sick:
        judged.note = f"could not look: {missing[0]['missing']}"
    if not sick:
        judged.outcome = "false" if specimen.fault in codes else "silent"
        return judged
    if specimen.fault not in codes:
        return judged
    place = codes.index(specimen.fault)
    judged.outcome = "named first" if all(code in specimen.also for code in codes[:place]) else "named"
    judged.off = _off(specimen, above[place]["locus"])
    return judged


def _off(specimen: Specimen, locus: dict[str, Any]) -> list[str]:
    """What of the locus is not as expected, in words."""
    wanted = asdict(specimen.expected)
    found = dict(locus)
    found["step"] = f"{locus.get('journey')}.{locus.get('step')}" if locus.get("journey") else locus.get("step")
    found["file"] = Path(locus["file"]).name if locus.get("file") else None
    off = []
    for what, value in wanted.items():
        if value is None:
            continue
        here = found.get(what)
        if what in ("statement", "function"):
            right = here is not None and str(value).lower() in str(here).lower()
        else:
            right = here == value
        if not right:
            off.append(f"{what} is {here}, expected {value}")
    return off
