"""Parts of docs/accuracy.md about comparisons, from what ``benches.comparisons``, ``benches.identical`` and
``benches.plus_one`` found."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from benches.comparison_rows import Row
from benches.identical import IdenticalShops
from benches.plus_one import Gated, PlusOne
from loadstone.model.counted import COUNTERS
from loadstone.stats.proportion import clopper_pearson

__all__ = ["comparisons_section", "identical_section", "plus_one_section"]


def comparisons_section(studies: dict[str, list[Row]]) -> str:
    """All studies that there are."""
    lines = [
        "## Comparisons of simulated sides",
        "",
        "Both sides are queues first come first served (`benches/comparison_runs.py`): the same Poisson arrivals and "
        "the same mix of two steps within a pair, service times of their own, 100 requests a second where nothing "
        "else is said. Service times are lognormal (squared coefficient of variation .28), exponential, or of two "
        "kinds (one request in fifty ten times slower). *Drift* is a host whose speed wanders by 3 % from run to run, "
        ".8 alike in neighbours; a *random walk* has steps of 3 %. The runs are judged by `prove.compare`, as real "
        "ones are; brackets hold exact 95 % intervals (Clopper and Pearson). `python -m benches.comparisons --json "
        "FILE` measures it again, from fixed seeds.",
    ]
    for name, told in SECTIONS.items():
        if studies.get(name):
            lines += ["", *told(studies[name])]
    return "\n".join(lines)


def _identical(rows: Sequence[Row]) -> Iterator[str]:
    worst = max((_interval(_told(row), row["count"])[1], _told(row), row["count"]) for row in rows)
    p95 = max((_interval(_alarms(row, "p95 response"), row["count"])[1], row) for row in _by_end(rows))
    yield "### Identical sides"
    yield ""
    yield (
        f"Of {rows[0]['count']:,} comparisons a row, told faster or slower: at most {_of(worst[1], worst[2])}; the "
        f"highest upper end is {worst[0]:.1%}, and {p95[0]:.1%} for the interval of p95 to leave out 1. *Any* is a "
        "comparison in which some of nine metrics is told better or worse: better is told by its own interval, worse "
        "must survive the number of metrics."
    )
    yield ""
    yield "| sides | pairs | faster or slower | p95 without 1 | p50 | p99 | CPU | any | ratio that drifts, invalid |"
    yield "|---|--:|---|---|--:|--:|--:|--:|--:|"
    for row in rows:
        count = row["count"]
        others = [f"{_alarms(row, name) / count:.1%}" for name in ("p50 response", "p99 response", "CPU a request")]
        vetoed = f"{row['doubted'].get('drift', 0) / count:.1%}, {row['verdicts'].get('invalid', 0) / count:.1%}"
        cells = [_share(_told(row), count), _share(_alarms(row, "p95 response"), count), *others]
        cells += [f"{row['any_metric'] / count:.1%}", vetoed]
        yield f"| {row['scene']} | {row['pairs']} | {' | '.join(cells)} |"


def _by_end(rows: Sequence[Row]) -> list[Row]:
    """The rows with the highest count first, so that ``max`` never compares two of them."""
    return [max(rows, key=lambda row: _alarms(row, "p95 response"))]


def _told(row: Row) -> int:
    verdicts: dict[str, int] = row["verdicts"]
    return verdicts.get("faster", 0) + verdicts.get("slower", 0)


def _alarms(row: Row, metric: str) -> int:
    return int(row["above"].get(metric, 0) + row["below"].get(metric, 0))


NAMES = {"mann_whitney": "Mann-Whitney", "welch": "Welch's t", "bootstrap": "bootstrap of p95"}


def _naive(rows: Sequence[Row]) -> Iterator[str]:
    yield "### The same sides before tests that count requests"
    yield ""
    yield (
        f"All requests of a side's runs together, {rows[0]['count']} comparisons a row: how often identical sides are "
        "told to differ at a nominal 5 %, and how many times as often as by pairs. The sides share their arrivals, "
        "which flatters these tests: before-and-after runs do not."
    )
    yield ""
    yield f"| sides | by pairs, p95 | {' | '.join(NAMES.values())} |"
    yield "|---|---|---|---|---|"
    for row in rows:
        by_pairs = max(row["pairs_p95"], 1)
        cells = [f"{_share(row[name], row['count'])} {row[name] / by_pairs:.1f} x" for name in NAMES]
        yield f"| {row['scene']} | {_share(row['pairs_p95'], row['count'])} | {' | '.join(cells)} |"


def _detection(rows: Sequence[Row]) -> Iterator[str]:
    done = [row for row in rows if row["count"]]
    tenth = [row for row in done if row["change"] not in ("work x 1.1", "responses x 1.155")]
    least = min(tenth, key=lambda row: float(row["judged_above"] / row["count"]))
    margin = [row for row in done if row["change"] == "responses x 1.155"]
    cleared = min(margin, key=lambda row: int(row["judged_slower"]))
    yield "### A p95 that is 10 % longer, with 10 pairs"
    yield ""
    yield (
        "Runs as long as the spread of pilot runs asks for, then measured on "
        f"{done[0]['count']:,} comparisons a row. *Seen*: the interval's lower end lies above 1; the least is "
        f"{_share(least['judged_above'], least['count'])}. *P95 slower*: it lies above 1.05, the usual margin. As "
        "much is seen of that only when p95 is longer by 1.05 times 1.1, 15.5 % instead of 10 %: the least is then "
        f"{_share(cleared['judged_slower'], cleared['count'])}. *Told slower*: the verdict, from p95 or from a metric "
        "beside it. Work that takes 10 % longer makes p95 longer by more, since the queue grows."
    )
    yield ""
    yield "| sides | change in B | seconds a run | seen | p95 slower | told slower |"
    yield "|---|---|--:|---|--:|--:|"
    for row in rows:
        if not row["count"]:
            yield f"| {row['scene']} | {row['change']} | | | | |"
            continue
        count = row["count"]
        slower = f"{row['judged_slower'] / count:.1%} | {row['verdicts'].get('slower', 0) / count:.1%}"
        yield (
            f"| {row['scene']} | {row['change']} | {row['measured_s']:.0f} | {_share(row['judged_above'], count)} | "
            f"{slower} |"
        )


def _margins(rows: Sequence[Row]) -> Iterator[str]:
    yield "### How much larger an effect must be to clear a margin of 5 %"
    yield ""
    beyond = [(row["slower_from"] - 1) / (row["seen_from"] - 1) for row in rows]
    yield (
        "The true ratio of p95 that ten pairs show with power .8: as an interval above 1, and as one above 1.05 (told "
        "slower, where a change scales every response). The change must be "
        f"{min(beyond):.2g} to {max(beyond):.2g} times as large for the second: the margin comes on top. "
        "*Floor*: the margin within which identical sides stay with power .8, measured and as `calibrate` foretells it "
        "from the pairs' spread."
    )
    yield ""
    yield "| sides | seconds a run | spread of a pair | seen from | told slower from | floor | foretold |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for row in rows:
        cells = [f"{row[name]:.3f}" for name in ("seen_from", "slower_from", "floor", "floor_told")]
        yield f"| {row['scene']} | {row['measured_s']:.0f} | {row['sd']:.1%} | {' | '.join(cells)} |"


def _gate(rows: Sequence[Row]) -> Iterator[str]:
    first = rows[0]
    looks = " and ".join(str(look) for look in first["looks"])
    yield "### Five minutes of a gate"
    yield ""
    yield (
        f"The design that `gate --budget 5m` makes: at most {first['pairs']} pairs of {first['measured_s']:.0f} s, "
        f"{first['planned_s']:.0f} s with warm-up, cool-down and both observed runs, judged after {looks} pairs; "
        f"{first['count']} gates a row. p95 is 15 % longer but for *none* and *work x 1.15*: *seen* is a "
        "lower end above 1 or a metric told slower, *fails* a metric told slower than its margin of 5 %."
    )
    yield ""
    yield "| sides | requests/s | change in B | seen | fails | passes | undecided | pairs taken |"
    yield "|---|--:|---|---|---|--:|--:|--:|"
    for row in rows:
        count = row["count"]
        cells = [_share(row["seen"], count), _share(row["slower"], count)]
        cells += [f"{row[name] / count:.0%}" for name in ("passed", "undecided")]
        yield (
            f"| {row['scene']} | {row['rate_per_s']:.0f} | {row['change']} | {' | '.join(cells)} | "
            f"{row['pairs_taken'] / count:.1f} |"
        )


def _sequential(rows: Sequence[Row]) -> Iterator[str]:
    null = [row for row in rows if row["ratio"] == 1]
    most = rows[0]["pairs"]
    alarms = "; ".join(_of(row["told"], row["count"]) for row in null)
    careless = " and ".join(f"{row['careless'] / row['count']:.1%}" for row in null)
    yield "### Looking again and again"
    yield ""
    yield (
        f"Up to {most} pairs of 30 s, looked at after every second one from six (as `--budget` does), stopped at the "
        f"first interval of p95 without 1. Of identical sides that alarms in {alarms}; intervals of 95 % at every look "
        f"would in {careless}. *Pairs*: taken on average, and as a share of {most}."
    )
    yield ""
    yield f"| sides | true ratio | decided | all {most} pairs decide | pairs |"
    yield "|---|--:|---|---|---|"
    for row in rows:
        told, fixed = _share(row["told"], row["count"]), _share(row["fixed"], row["count"])
        pairs = f"{row['taken']:.1f} (x {row['taken'] / most:.2f})"
        yield f"| {row['scene']} | {row['ratio']:.2f} | {told} | {fixed} | {pairs} |"


def _coverage(rows: Sequence[Row]) -> Iterator[str]:
    shares = sorted({row["share"] for row in rows})
    scenes = list(dict.fromkeys((row["scene"], row["pairs"], row["change"]) for row in rows))
    furthest = max(rows, key=lambda row: max(abs(value) for value in row["bias"]))
    usual = [row for row in rows if row["share"] <= 0.95]
    most = max(abs(value) for row in usual for value in row["bias"])
    yield "### Whether intervals hold the truth"
    yield ""
    count = rows[0]["count"]
    yield (
        f"The shift function's intervals at a nominal 95 %, runs of {rows[0]['measured_s']:.0f} s, {count:,} "
        f"comparisons a row (one standard error is {math.sqrt(0.95 * 0.05 / count):.1%}); six pairs carry 96.9 %. The "
        "truth is that of 3.6 million requests. A level's mean log error over all runs stays within "
        f"{most:.1%} up to p95 and is {_worst(furthest)} at {_quantile(furthest['share'])} of {furthest['scene']}, "
        f"where a run has {round((1 - furthest['share']) * 100 * furthest['measured_s'])} requests beyond it."
    )
    yield ""
    yield f"| sides | pairs | change in B | {' | '.join(_quantile(share) for share in shares)} |"
    yield f"|---|--:|---{'|--:' * len(shares)}|"
    for scene in scenes:
        mine = {row["share"]: row for row in rows if (row["scene"], row["pairs"], row["change"]) == scene}
        cells = [f"{mine[share]['held'] / mine[share]['count']:.1%}" if share in mine else "" for share in shares]
        yield f"| {scene[0]} | {scene[1]} | {scene[2]} | {' | '.join(cells)} |"


def _worst(row: Row) -> str:
    return f"{max(row['bias'], key=abs):+.1%}"


def _quantile(share: float) -> str:
    return f"p{share * 100:g}"


def _counters(rows: Sequence[Row]) -> Iterator[str]:
    every = [row for row in rows if row["change"] == "one more in every request"]
    caught, count = sum(row["slower"] for row in every), sum(row["count"] for row in every)
    yield "### One statement more"
    yield ""
    yield (
        f"One observed run of {rows[0]['requests']:,} requests a side, 7 to 9 statements each, no pairs. One more in "
        f"every request is told in {_of(caught, count)}, however much each request wavers."
    )
    yield ""
    yield "| requests | more in B | told worse | told better | undecided |"
    yield "|---|---|---|--:|--:|"
    for row in rows:
        cells = [_share(row["slower"], row["count"])]
        cells += [f"{row[name] / row['count']:.1%}" for name in ("faster", "undecided")]
        yield f"| {row['scene']} | {row['change']} | {' | '.join(cells)} |"


SECTIONS = {
    "identical": _identical,
    "naive": _naive,
    "detection": _detection,
    "margins": _margins,
    "gate": _gate,
    "sequential": _sequential,
    "coverage": _coverage,
    "counters": _counters,
}


DIFFERENCES = frozenset({"errors", *COUNTERS.values()})
"""Metrics judged by B - A; the others by their ratio."""


def identical_section(found: IdenticalShops) -> str:
    """The sample shop against itself."""
    told = found.comparisons
    decided = [one for one in told if one.metrics]
    verdicts = Counter(one.verdict for one in told)
    alarms = verdicts["faster"] + verdicts["slower"]
    left_out, pairs = sum(one.left_out for one in told), sum(one.pairs + one.left_out for one in told)
    lines = [
        "## The sample shop against itself",
        "",
        f"`python -m benches.identical`: the healthy shop twice, {found.pairs} pairs of {found.measured} at "
        f"{found.rate} journeys of two requests, each comparison with its own seed; {found.machine}. "
        f"{_of(alarms, len(told))} comparisons were told faster or slower; {verdicts['not-worse']} not worse, "
        f"{verdicts['undecided']} undecided, {verdicts['invalid']} invalid. {left_out} of {pairs} pairs were left out "
        "as disturbed.",
        "",
        "| metric | comparisons | interval without no difference | median width |",
        "|---|--:|---|--:|",
    ]
    for label in dict.fromkeys(label for one in decided for label in one.metrics):
        ends = [one.metrics[label] for one in decided if label in one.metrics]
        known = [(middle, low, high) for middle, low, high in ends if low is not None and high is not None]
        ratio = label.partition(" of ")[0] not in DIFFERENCES
        none = 1.0 if ratio else 0.0
        off = sum(low > none or high < none for _, low, high in known)
        widths = sorted(high / low - 1 if ratio and low > 0 else high - low for _, low, high in known)
        middle = widths[len(widths) // 2] if widths else None
        width = "" if middle is None else f"{middle:.1%}" if ratio or label.startswith("errors") else f"{middle:.2g}"
        lines.append(f"| {label} | {len(known)} | {_share(off, len(known))} | {width} |")
    return "\n".join(lines)


def plus_one_section(parts: Sequence[PlusOne]) -> str:
    """One statement more in the sample shop's handlers, and where only a comment was changed."""
    planted = [row for part in parts if not part.none for row in part.rows]
    lines = [
        "## One statement more in the sample shop",
        "",
        "`python -m benches.plus_one`: the shop in a git repository, one statement more in one of its handlers, and "
        "`loadstone gate --base HEAD~1 --candidate HEAD` on its journeys at 50 a second. The gate failed by count in "
        f"{_of(sum(row.by_count for row in planted), len(planted))}, and named the statement as the cause in "
        f"{sum(row.named for row in planted)}. A place that few requests reach adds little to the mean of all.",
        "",
        "| place | gates | failed by count | statement named | seconds, median | the first one's words |",
        "|---|--:|---|--:|--:|---|",
    ]
    rows = [row for part in parts for row in part.rows]
    names = dict.fromkeys(row.place for row in rows)
    lines += [_gates(name, [row for row in rows if row.place == name]) for name in names]
    return "\n".join(lines)


def _gates(name: str, rows: Sequence[Gated]) -> str:
    spent = sorted(row.spent_s for row in rows if row.spent_s is not None)
    cells = [
        "only a comment" if name == "none" else name,
        str(len(rows)),
        _share(sum(row.by_count for row in rows), len(rows)),
        str(sum(row.named for row in rows)),
        f"{spent[len(spent) // 2]:.0f}" if spent else "",
        rows[0].sentence.replace("|", "\\|"),
    ]
    return f"| {' | '.join(cells)} |"


def _interval(count: int, whole: int) -> tuple[float, float]:
    return clopper_pearson(count, whole)


def _share(count: int, whole: int) -> str:
    """``4.8% [3.9, 5.8]``."""
    if not whole:
        return ""
    low, high = clopper_pearson(count, whole)
    return f"{count / whole:.1%} [{low * 100:.1f}, {high * 100:.1f}]"


def _of(count: int, whole: int) -> str:
    return f"{count:,} of {whole:,} ({_share(count, whole)})" if whole else "0 of 0"
