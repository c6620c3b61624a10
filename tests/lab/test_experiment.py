"""An experiment from plan to verdict on a scripted load: its order, its runs, its ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from loadstone.archive import Archive, Run
from loadstone.archive.query import query
from loadstone.errors import EvidenceError, SpecError, TargetError
from loadstone.lab.calibration import keep_calibration
from loadstone.lab.comparing import compare_runs
from loadstone.lab.experiment import ExperimentAsked, planned, run_experiment
from loadstone.lab.experiments import Experiment, experiments, resolve_experiment
from loadstone.lab.going import Going
from loadstone.lab.preparing import pair_seed
from loadstone.lab.service import unanswered
from loadstone.model.calibration import Calibration, Noise
from loadstone.model.comparison import Comparison
from loadstone.prove.design import order_of
from tests.lab.experiment_scene import Scripts, archive_in, asked, listener, side, spec_of, urls, work
from tests.throwaway import free_port

HUNG = work(0.010, error_share=1.0, error_result="timeout")
"""A side with it is told dead after the pair, so that an experiment of it is short."""


class Told(NamedTuple):
    """A whole experiment of six pairs, B twice as slow; ``seen`` is (steps, runs made, verdict there) at each run."""

    archive: Archive
    asked: ExperimentAsked
    made: Comparison
    scripts: Scripts
    seen: list[tuple[int, int, bool]]

    @property
    def kept(self) -> Experiment:
        """As it lies in the archive."""
        return resolve_experiment(self.archive, "last")


@pytest.fixture(scope="module", autouse=True)
def at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loadstone.prove.design.COOL_DOWN_S", 0.0)
        patch.setattr("loadstone.lab.experiment.unanswered", lambda _: None)  # the load is scripted: nobody is there
        yield


@pytest.fixture(scope="module")
def told(at_once: None, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("experiment")
    archive = archive_in(folder)
    seen: list[tuple[int, int, bool]] = []

    def during(_: str, pair: int) -> None:
        experiment = experiments(archive)[0]
        assert experiment.running
        made = sum(step.run is not None for step in experiment.manifest.steps)
        seen.append((len(experiment.manifest.steps), made, experiment.comparison is not None))

    scripts = Scripts({"A": work(0.010), "B": work(0.020)}, during)
    wanted = asked(spec_of(folder), urls())
    return Told(archive, wanted, run_experiment(archive, wanted, scripts.engine, scripts), scripts, seen)


def test_a_slower_side_is_told_slower_and_all_of_it_is_kept(told: Told) -> None:
    made, kept = told.made, told.kept
    assert made.verdict == "slower" and made.design.pairs == 6
    judged = next(one for one in made.metrics if one.judged)
    assert judged.label == "p95 response of read.item" and judged.ratio == pytest.approx(2, rel=0.1)
    assert kept.id == made.experiment and kept.status == "complete"
    assert msgspec.to_builtins(kept.comparison) == msgspec.to_builtins(made)
    manifest = kept.manifest
    assert manifest.kind == "prove" and manifest.design.order == made.design.order
    assert [(step.side, step.pair + 1) for step in manifest.steps] == told.scripts.runs
    assert [side.runs for side in manifest.sides] == [
        tuple(step.run for step in manifest.steps if step.side == name) for name in "AB"
    ]


def test_the_runs_of_a_pair_share_their_seed_and_each_pair_has_its_own(told: Told) -> None:
    seeds: dict[int, set[int]] = {}
    for (name, pair), plan in zip(told.scripts.runs, told.scripts.plans, strict=True):
        seeds.setdefault(pair, set()).add(plan["seed"])
        assert plan["target"]["port"] == {"A": 9, "B": 10}[name]
    assert [len(both) for both in seeds.values()] == [1] * 6
    assert len(set.union(*seeds.values())) == 6
    assert [seeds[pair + 1] for pair in range(6)] == [{pair_seed(41, pair)} for pair in range(6)]


def test_the_runs_are_nobodys_last_run(told: Told) -> None:
    first = told.archive.run(told.kept.manifest.steps[0].run or "").manifest
    assert (first.experiment, first.side, first.pair) == (told.kept.id, told.scripts.runs[0][0], 0)
    with pytest.raises(EvidenceError, match="no run"):
        told.archive.resolve("last")


def test_the_order_is_on_disk_before_the_first_run_and_a_verdict_after_each_pair(told: Told) -> None:
    assert told.seen == [(12, run, run >= 2) for run in range(12)]


def test_what_it_watches_is_told_as_it_comes(told: Told) -> None:
    assert [look.design.pairs for look in told.scripts.looks] == [1, 2, 3, 4, 5, 6, 6]
    (design, length_s), *more = told.scripts.designs
    assert not more and design.planned == 6 and length_s > 12 * 3.5


def test_a_killed_experiment_reads_as_crashed_and_keeps_its_verdict(told: Told, tmp_path: Path) -> None:
    copy = tmp_path / told.kept.id
    shutil.copytree(told.kept.directory, copy)
    path = copy / "manifest.json"
    document = json.loads(path.read_text()) | {"status": "running", "pid": 2**22 + 1, "pid_start_ticks": 1}
    path.write_text(json.dumps(document))
    again = Experiment(copy)
    assert again.status == "crashed" and not again.running and again.comparison is not None


def test_its_sides_compare_again_from_the_archive_as_they_did(told: Told) -> None:
    again = compare_runs(told.archive, [f"{told.kept.id}:A"], [f"{told.kept.id[-5:]}:b"])
    assert again.verdict == "slower" and again.experiment == told.kept.id
    ratios = [[(one.label, one.ratio, one.low, one.high) for one in made.metrics] for made in (again, told.made)]
    assert ratios[0] == ratios[1]


def test_sql_tells_of_it(told: Told) -> None:
    table = query(
        told.archive, "SELECT experiment, status, a, pairs, verdict, judged, ratio, len(b_runs) FROM experiments"
    )
    judged = next(one for one in told.made.metrics if one.judged)
    label = told.made.sides[0].label
    assert table.rows == ((told.kept.id, "complete", label, 6, "slower", "p95 response of read.item", judged.ratio, 6),)
    joined = "SELECT count(*) FROM runs JOIN experiments USING (experiment) WHERE side = 'B'"
    assert query(told.archive, joined).rows == ((6,),)
    assert query(told.archive, "SELECT * FROM ledger").rows == ()


def test_some_of_its_runs_against_others_are_before_and_after(told: Told) -> None:
    a, b = (list(side.runs[:3]) for side in told.made.sides)
    made = compare_runs(told.archive, b, a)
    assert not made.design.interleaved and made.experiment is None
    assert any(one.code == "before-and-after" for one in made.caveats)
    p95 = next(one for one in made.metrics if one.label == "p95 response")
    assert p95.ratio == pytest.approx(0.5, rel=0.15) and p95.high is not None and p95.high < 1
    with pytest.raises(EvidenceError, match="on both sides"):
        compare_runs(told.archive, a, a[:1])
    with pytest.raises(EvidenceError, match="with two sides"):
        compare_runs(told.archive, [told.kept.id], b)


def test_identical_sides_are_told_neither_faster_nor_slower(tmp_path: Path) -> None:
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.010)})
    made = run_experiment(archive, asked(spec_of(tmp_path), urls(), margin=1.2), scripts.engine, scripts)
    assert made.verdict == "not-worse"


def test_with_a_budget_it_stops_at_the_look_that_decides(tmp_path: Path) -> None:
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.030)})
    wanted = asked(spec_of(tmp_path), urls(), budget_s=500.0)
    plan = planned(archive, wanted)
    assert plan.design.most > 20 and plan.length_s <= 500
    made = run_experiment(archive, wanted, scripts.engine, scripts)
    assert made.verdict == "slower"
    assert made.design.pairs in plan.design.looks.pairs[:3] and made.design.pairs < plan.design.most
    assert made.design.level > 0.95, "each look is surer than all of them together"


def test_a_disturbed_pair_is_left_out_and_replaced(tmp_path: Path) -> None:
    pressed = work(0.010, steal_share=0.2)
    quiet = work(0.010)
    archive, scripts = archive_in(tmp_path), Scripts({"A": [quiet, pressed, quiet], "B": work(0.030)})
    made = run_experiment(archive, asked(spec_of(tmp_path), urls()), scripts.engine, scripts)
    assert [row.left_out is not None for row in made.pairs] == [False, True] + [False] * 5
    assert made.design.pairs == 6 and made.verdict == "slower"
    steps = resolve_experiment(archive, "last").manifest.steps
    assert [step.pair for step in steps if step.left_out] == [1, 1] and len(steps) == 14


def test_where_too_many_are_disturbed_it_gives_up_undecided(tmp_path: Path) -> None:
    archive = archive_in(tmp_path)
    scripts = Scripts({"A": work(0.010, steal_share=0.2), "B": work(0.030, steal_share=0.2)})
    made = run_experiment(archive, asked(spec_of(tmp_path), urls()), scripts.engine, scripts)
    assert made.verdict == "undecided" and len(made.pairs) == 3, "five that are left could not be six"
    assert "disturbed" in made.sentence


def test_an_error_mix_that_differs_is_never_a_pass(tmp_path: Path) -> None:
    archive = archive_in(tmp_path)
    scripts = Scripts({"A": work(0.010), "B": work(0.004, error_share=0.2, error_result="500")})
    made = run_experiment(archive, asked(spec_of(tmp_path), urls()), scripts.engine, scripts)
    assert made.verdict == "invalid" and "500" in made.sentence


@pytest.mark.parametrize("kind", ["connect", "timeout"])
def test_a_side_that_answers_nothing_ends_it_after_the_pair(tmp_path: Path, kind: str) -> None:
    archive = archive_in(tmp_path)
    hung = work(0.010, error_share=1.0, error_result=kind)
    scripts = Scripts({"A": work(0.010), "B": [work(0.010), hung]})
    made = run_experiment(archive, asked(spec_of(tmp_path), urls()), scripts.engine, scripts)
    assert made.verdict == "invalid" and len(made.pairs) == 2
    assert "Side B answered none" in made.sentence or any("answered none" in text for text in made.vetoed)


def test_both_commands_are_up_together_on_ports_of_their_own(tmp_path: Path) -> None:
    start = listener(tmp_path)
    sides = side("A", "command", start), side("B", "command", start, env={"COLOUR": "blue", "API_KEY": "hunter2"})
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": [work(0.010), HUNG]})
    made = run_experiment(archive, asked(spec_of(tmp_path), sides), scripts.engine, scripts)

    kept = resolve_experiment(archive, "last")
    assert made.design.together and scripts.started == 2
    assert len({plan["target"]["port"] for plan in scripts.plans}) == 2
    words = [(kept.directory / name).read_text().split() for name in ("a.log", "b.log")]
    assert words[0][2] == "None" and words[1][2] == "blue" and words[0][1] != words[1][1]
    assert _gone(int(words[0][1])) and _gone(int(words[1][1]))
    run = archive.run(made.sides[1].runs[0])
    assert run.manifest.service_use is not None and (run.manifest.service_use.rss_bytes or 0) > 1_000_000
    for path in archive.root.rglob("*.json"):
        assert "hunter2" not in path.read_text(), path
        assert "blue" not in path.read_text(), path


def test_where_memory_is_short_one_side_is_up_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.lab.standing.memory_available_bytes", lambda: 0)
    start = listener(tmp_path)
    sides = side("A", "command", start), side("B", "command", start)
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": [work(0.010), HUNG]})
    made = run_experiment(archive, asked(spec_of(tmp_path), sides), scripts.engine, scripts)
    assert not made.design.together and scripts.started == 4


def test_a_command_without_a_port_is_restarted_at_the_specs_own(tmp_path: Path) -> None:
    start = listener(tmp_path)
    port = free_port()
    fixed = start.replace("{port}", str(port))
    sides = side("A", "environment", None), side("B", "environment", None, env={"COLOUR": "blue"})
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": [work(0.010), HUNG]})
    made = run_experiment(archive, asked(spec_of(tmp_path, fixed, port), sides), scripts.engine, scripts)
    assert not made.design.together and scripts.started == 4
    assert {plan["target"]["port"] for plan in scripts.plans} == {port}


def test_a_side_that_is_killed_ends_it_at_once_with_its_last_words(tmp_path: Path) -> None:
    archive, start = archive_in(tmp_path), listener(tmp_path)

    def during(name: str, pair: int) -> None:
        if (name, pair) == ("B", 3):
            for pid in _processes(str(tmp_path / "listener.py"), "blue"):
                os.kill(pid, signal.SIGKILL)
                _await_zombie(pid)

    scripts = Scripts({"A": work(0.010), "B": work(0.010)}, during)
    sides = side("A", "command", start), side("B", "command", start, env={"COLOUR": "blue"})
    made = run_experiment(archive, asked(spec_of(tmp_path), sides), scripts.engine, scripts)
    assert made.verdict == "invalid" and "SIGKILL" in made.sentence
    assert max(pair for _, pair in scripts.runs) == 3
    assert any("up" in caveat.message and "side B" in caveat.message for caveat in made.caveats)


def test_a_side_that_does_not_come_up_again_makes_it_invalid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.lab.standing.memory_available_bytes", lambda: 0)
    once = listener(tmp_path)
    (tmp_path / "thrice.py").write_text(
        "import pathlib, runpy, sys\n"
        f"count = pathlib.Path({str(tmp_path / 'count')!r})\n"
        "starts = int(count.read_text()) + 1 if count.exists() else 1\n"
        "count.write_text(str(starts))\n"
        "if starts > 3: sys.exit('no more room at the inn')\n"
        f"runpy.run_path({str(tmp_path / 'listener.py')!r})\n"
    )
    sides = (
        side("A", "command", once),
        side("B", "command", f"{sys.executable} -S {tmp_path / 'thrice.py'} {{port}}"),
    )
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.010)})
    made = run_experiment(archive, asked(spec_of(tmp_path), sides), scripts.engine, scripts)
    assert made.verdict == "invalid" and "no more room at the inn" in " ".join(made.vetoed)
    assert made.sides[1].runs and len(made.sides[1].runs) == 3
    assert resolve_experiment(archive, "last").status == "aborted"


def test_a_side_that_never_comes_up_is_the_targets_error(tmp_path: Path) -> None:
    bad = f"{sys.executable} -S -c \"raise SystemExit('no such table: item')\" {{port}}"
    sides = side("A", "command", listener(tmp_path)), side("B", "command", bad)
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.010)})
    with pytest.raises(TargetError, match=r"^side B: (.|\n)*no such table: item"):
        run_experiment(archive, asked(spec_of(tmp_path), sides), scripts.engine, scripts)
    kept = resolve_experiment(archive, "last")
    assert kept.status == "aborted" and kept.comparison is None
    assert not _processes(str(tmp_path / "listener.py"))


def test_a_side_that_ends_while_the_other_comes_up_is_the_one_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "brief.py").write_text(
        "import socket, sys\nprint('gone fishing', flush=True)\n"
        "server = socket.create_server(('127.0.0.1', int(sys.argv[1])))\nserver.accept()\n"
    )
    brief = f"{sys.executable} -S {tmp_path / 'brief.py'} {{port}}"
    never = f'{sys.executable} -S -c "import time; time.sleep(600)" {{port}}'
    assert order_of(1, 41) == ("BA",), "B is started first"
    sides = side("A", "command", never), side("B", "command", brief)
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.010)})
    with pytest.raises(TargetError, match=r"side B has ended with exit code 0(.|\n)*gone fishing"):
        run_experiment(archive, asked(spec_of(tmp_path), sides), scripts.engine, scripts)


def test_a_service_that_should_be_up_and_is_not_is_told_before_any_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadstone.lab.experiment.unanswered", unanswered)
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.010)})
    with pytest.raises(TargetError, match="side A is not up"):
        run_experiment(archive, asked(spec_of(tmp_path), urls(free_port())), scripts.engine, scripts)
    assert not scripts.runs


def test_ctrl_c_leaves_what_there_is(tmp_path: Path) -> None:
    archive, start = archive_in(tmp_path), listener(tmp_path)

    def during(name: str, pair: int) -> None:
        if (name, pair) == ("A", 3):
            os.kill(os.getpid(), signal.SIGINT)

    scripts = Scripts({"A": work(0.010), "B": work(0.030)}, during)
    sides = side("A", "command", start), side("B", "command", start)
    made = run_experiment(archive, asked(spec_of(tmp_path), sides), scripts.engine, scripts)
    assert made.verdict in ("undecided", "slower") and made.design.pairs == 2
    assert any(caveat.code == "interrupted" for caveat in made.caveats)
    kept = resolve_experiment(archive, "last")
    assert kept.status == "interrupted" and kept.comparison is not None
    assert not _processes(str(tmp_path / "listener.py"))
    interrupted = [Run(path) for path in archive.runs_directory.iterdir()]
    assert sum(run.manifest.status == "interrupted" for run in interrupted) == 1


def test_ctrl_c_before_the_first_run_has_an_answer_too(tmp_path: Path) -> None:
    archive = archive_in(tmp_path)

    def during(name: str, pair: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    scripts = Scripts({"A": work(0.010), "B": work(0.030)}, during)
    made = run_experiment(archive, asked(spec_of(tmp_path), urls()), scripts.engine, scripts)
    assert made.verdict == "undecided" and made.design.pairs == 0
    assert resolve_experiment(archive, "last").status == "interrupted"


def test_a_gate_may_end_it_at_a_look(tmp_path: Path) -> None:
    asked_at: list[int] = []

    def decided(comparison: Comparison) -> str | None:
        asked_at.append(comparison.design.pairs)
        return "it is settled" if len(asked_at) == 2 else None

    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.010)})
    wanted = asked(spec_of(tmp_path), urls(), kind="gate", budget_s=400.0, decided_early=decided)
    looks = planned(archive, wanted).design.looks.pairs
    made = run_experiment(archive, wanted, scripts.engine, scripts)
    assert made.design.pairs == looks[1] and tuple(asked_at) == looks[:2]


def test_no_pair_begins_after_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.010)})
    monkeypatch.setattr(Going, "spent_s", property(lambda going: 1000.0 * (len(going.runs) >= 4)))
    made = run_experiment(archive, asked(spec_of(tmp_path), urls(), budget_s=500.0), scripts.engine, scripts)
    assert made.verdict == "undecided" and len(made.pairs) == 2
    assert any("budget of 8 min 20 s was used up after 2 pairs" in one.message for one in made.caveats)


def test_a_plan_runs_and_writes_nothing(tmp_path: Path) -> None:
    archive = archive_in(tmp_path)
    plan = planned(archive, asked(spec_of(tmp_path), urls()))
    assert plan.design.pairs == 6 and plan.told.order == plan.design.order[:6]
    assert plan.length_s == pytest.approx(plan.design.run_s * 12)
    assert plan.design.requests == 300
    assert plan.design.load == "100/s, Poisson arrivals: read"
    assert not archive.root.exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"pairs": 3}, "6 are the fewest"),
        ({"budget_s": 20.0}, "6 pairs take"),
        ({"sides": (side("A", "url", "http://shop.example"), side("B", "url", "http://127.0.0.1:10"))}, "shop.example"),
        ({"sides": (side("A", "environment"), side("B", "environment"))}, "no start"),
        ({"sides": (side("A", "command", "python 'x"), side("B", "command", "python"))}, "not a command line"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(tmp_path: Path, more: dict[str, object], says: str) -> None:
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.010)})
    with pytest.raises(SpecError, match=says):
        run_experiment(archive, asked(spec_of(tmp_path), **({"sides": urls()} | more)), scripts.engine, scripts)  # type: ignore[arg-type]
    assert not archive.root.exists() and not scripts.runs


def test_a_margin_under_the_floor_is_refused_with_the_pairs_it_needs(tmp_path: Path) -> None:
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.010)})
    wanted = asked(spec_of(tmp_path), urls())
    key = planned(archive, wanted).key
    noise = Noise("p95 response", "ratio", "read", "item", sd=0.05, sd_low=0.04, sd_high=0.07, pairs=20)
    keep_calibration(archive, Calibration(1, key, (), (noise,), 20, 3, 0, 0.0, 0.7, 0.95, 1))
    plan = planned(archive, wanted)
    assert plan.calibration is not None and plan.smallest["p95 response of read.item"] > 1.05
    with pytest.raises(SpecError, match="pairs"):
        run_experiment(archive, wanted, scripts.engine, scripts)
    assert not experiments(archive)
    assert planned(archive, asked(spec_of(tmp_path), urls(), margin=1.5)).refusal is None


def _gone(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _processes(word: str, variable: str = "") -> list[int]:
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        try:
            words = Path(entry.path, "cmdline").read_bytes().decode().split("\0")
            environment = Path(entry.path, "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in words and variable in environment and words[0] == sys.executable:
            found.append(int(entry.name))
    return found


def _await_zombie(pid: int) -> None:
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        pass


def test_the_report_that_told_the_finding_is_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, scripts = archive_in(tmp_path), Scripts({"A": work(0.010), "B": work(0.005)})
    drawn: list[str] = []
    monkeypatch.setattr("loadstone.lab.going.write_report", lambda run, *, archive: drawn.append(run.id))
    run_experiment(archive, asked(spec_of(tmp_path), urls()), scripts.engine, scripts)
    base = archive.ids()[0]
    run_experiment(archive, asked(spec_of(tmp_path), urls(), found_in=base), scripts.engine, scripts)
    assert drawn == []  # it has no report to draw again
    (archive.run(base).directory / "report.html").write_text("before")
    run_experiment(archive, asked(spec_of(tmp_path), urls(), found_in=base), scripts.engine, scripts)
    assert drawn == [base]
