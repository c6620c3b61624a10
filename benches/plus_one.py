"""One statement more a request on the sample shop, in a place of its own each time: does the gate always fail it?

    python -m benches.plus_one --times 20 --json FILE

Each time the shop is copied into a git repository, one more statement is put into one of its handlers, and
``loadstone gate --base HEAD~1 --candidate HEAD`` judges the two revisions. It must fail by count, and name the
statement as the cause. ``--none`` changes nothing but a comment, which must not fail by count.
``python -m benches.accuracy plus-one FILE`` writes it into docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

import loadstone.demo
from loadstone.model.guardrail import GateReport
from loadstone.stats.proportion import clopper_pearson

__all__ = ["PLACES", "Gated", "Place", "PlusOne", "planted", "repository"]

STATEMENT = "SELECT max(products) FROM category"
_MORE = f'session.ask("{STATEMENT}")().fetchone()'


class Place(NamedTuple):
    """How the line of the shop begins before which the statement is put, with the line's own indentation."""

    name: str
    file: str
    line: str


PLACES = (
    Place("browse.list", "catalogue.py", '        if request.app.state.fault == "pool":'),
    Place("browse.detail", "catalogue.py", "        product: dict[str, Any] = _summary("),
    Place("search.search", "catalogue.py", "        rows = session.ask(_SEARCH["),
    Place("buy.add to cart", "carts.py", '        row = session.ask("SELECT stock FROM product'),
    Place("buy.checkout", "orders.py", '    taken = session.ask("DELETE FROM cart_item'),
)


class Gated(msgspec.Struct):
    """What a gate said of the two revisions. ``by_count``: it failed for the statements a request; ``named``: with the
    statement as the cause."""

    place: str
    verdict: str
    sentence: str
    by_count: bool = False
    named: bool = False
    where: str | None = None
    spent_s: float | None = None


class PlusOne(msgspec.Struct):
    """The file. ``none``: only a comment was changed."""

    format: int = 1
    none: bool = False
    rows: list[Gated] = []


SHAPE = '[shape.gate]\nrate = "50/s"\nduration = "15s"\nwarm_up = "2s"\n'


def planted(source: str, place: Place) -> str:
    """The handler with one statement more. Raises ValueError where there is not one such line."""
    lines = source.splitlines(keepends=True)
    found = [at for at, line in enumerate(lines) if line.startswith(place.line)]
    if len(found) != 1:
        raise ValueError(f"{place.file} has not one line that begins with: {place.line}")
    indent = place.line[: len(place.line) - len(place.line.lstrip())]
    return "".join([*lines[: found[0]], f"{indent}{_MORE}\n", *lines[found[0] :]])


def repository(folder: Path, place: Place | None, port: int) -> None:
    """A git repository of the shop as the package ``shop``: as it is, and with the statement (or a comment) more."""
    shop = folder / "shop"
    shop.mkdir(parents=True)
    for path in Path(loadstone.demo.__file__).parent.glob("*.py"):
        (shop / path.name).write_text(path.read_text().replace("loadstone.demo", "shop"))
    spec = Path(loadstone.demo.__file__).with_name("loadstone.toml").read_text()
    start = f"{sys.executable} -m shop --port {port}"
    spec = spec.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{port}")
    spec = spec.replace("python -m loadstone.demo --port 8000 --fault reviews", start)
    (folder / "loadstone.toml").write_text(spec[: spec.index("[shape.")] + SHAPE)
    (folder / ".gitignore").write_text(".loadstone/\n__pycache__/\n")
    _git(folder, "init", "--quiet")
    _commit(folder, "The shop")
    if place is None:
        (shop / "words.py").write_text((shop / "words.py").read_text() + "# The same shop.\n")
    else:
        path = shop / place.file
        path.write_text(planted(path.read_text(), place))
    _commit(folder, "One statement more" if place else "A comment")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line each time, then the share that failed by count with its exact 95 % interval."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20, metavar="N")
    parser.add_argument("--none", action="store_true", help="change nothing that counts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep what was found")
    chosen = parser.parse_args(arguments)
    found = PlusOne(none=chosen.none)
    for number in range(chosen.times):
        place = None if chosen.none else PLACES[number % len(PLACES)]
        with tempfile.TemporaryDirectory() as folder:
            repository(Path(folder) / "work", place, _free_port())
            row = _gated(Path(folder) / "work", place, number)
        found.rows.append(row)
        print(f"{number + 1:3d}  {row.place:<16} {row.verdict:<10} {row.sentence}", flush=True)
        if chosen.json is not None:
            chosen.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    failed, named = sum(row.by_count for row in found.rows), sum(row.named for row in found.rows)
    low, high = clopper_pearson(failed, chosen.times)
    print(f"failed by count {failed} of {chosen.times} [{low:.0%}, {high:.0%}]; the statement named {named}")
    return 0 if failed == (0 if chosen.none else chosen.times) else 1


def _gated(folder: Path, place: Place | None, seed: int) -> Gated:
    words = ["gate", "--base", "HEAD~1", "--candidate", "HEAD", "--for", "12s", "--budget", "5m", "--json", "-q"]
    words += ["--seed", str(seed)]
    made = subprocess.run([sys.executable, "-m", "loadstone", *words], cwd=folder, capture_output=True, text=True)
    name = "none" if place is None else place.name
    if not made.stdout.strip():
        return Gated(name, f"exit {made.returncode}", made.stderr.strip().replace("\n", " "))
    report = msgspec.json.decode(made.stdout, type=GateReport)
    return Gated(
        name,
        report.verdict,
        report.sentence,
        by_count=any(one.guard.metric == "statements" and one.verdict == "fail" for one in report.results),
        named=report.cause is not None and "max(products)" in report.cause.label,
        where=None if report.cause is None else report.cause.where,
        spent_s=report.spent_s,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _git(folder: Path, *words: str) -> None:
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Bench"), ("EMAIL", "bench@example.com"))
    }
    subprocess.run(["git", *words], cwd=folder, env={**os.environ, **identity}, check=True, capture_output=True)


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message)


if __name__ == "__main__":
    sys.exit(main())
