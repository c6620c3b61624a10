"""A draft of a spec to the text of ``loadstone.toml``: commented, in a stable order, read back without a loss.

Journeys that are off are written behind ``#``: taking one ``# `` from each of their lines switches them on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from loadstone.model.assumption import Assumption, Unknown
from loadstone.model.draft import Draft
from loadstone.model.quantity import format_duration, format_rate, parse_rate
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.slo import Slo
from loadstone.model.workload import Extraction, Feed, Journey, Step, Think
from loadstone.render.toml_text import comment_lines, key, text, value

__all__ = ["duration_text", "extraction_text", "feed_csv", "rate_text", "spec_toml", "think_text"]

OFF = "Off: each would change something, or needs what is not known. To switch one on, take a # from each of its lines."


def spec_toml(draft: Draft) -> str:
    """The whole file. Raises ValueError for a draft that the spec has no words for: a shape of several measured
    phases, a feed without a file, a null in a JSON body."""
    said = draft.comments
    blocks: list[list[str]] = []
    if "" in said:
        blocks.append(comment_lines(said[""]))
    if draft.allow_hosts:
        blocks.append([f"allow_hosts = {value(draft.allow_hosts)}"])
    blocks.append(_above(said, "service", _service(draft.service)))
    blocks += _access(draft.service)
    blocks += [_above(said, f"slo.{slo.name}", _slo(slo)) for slo in draft.slos]
    for journey in draft.journeys:
        blocks += _journey(journey, said)
    blocks += _off(draft, said)
    blocks += [_above(said, f"feed.{feed.name}", _feed(feed)) for feed in draft.feeds]
    blocks += [_above(said, f"shape.{shape.name}", _shape(shape)) for shape in draft.shapes]
    blocks += [_table("[[assumption]]", _assumption(one)) for one in draft.assumptions]
    blocks += [_table("[[unknown]]", _unknown(one)) for one in draft.unknowns]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def feed_csv(feed: Feed) -> str:
    """The rows of a feed as the file that its ``source`` names, with the header row. A row whose only cell is empty is
    written as two quotes, since an empty line is no row."""
    rows = [feed.columns, *feed.rows]
    return "".join(",".join(_cell(cell, alone=len(row) == 1) for cell in row) + "\n" for row in rows)


def duration_text(seconds: float) -> str:
    """``2s``, ``1m30s``, ``300ms``: exactly what the parser reads back."""
    return format_duration(seconds, exact=True).replace("min", "m").replace(" ", "")


def rate_text(per_s: float) -> str:
    """``40/s``, ``30/min``: exactly what the parser reads back, per second where nothing shorter is."""
    shown = format_rate(per_s, exact=True)
    return shown if parse_rate(shown) == per_s else f"{_digits(per_s)}/s"


def think_text(think: Think) -> str:
    """``lognormal(2s, 0.6)``."""
    match think.distribution:
        case "constant":
            return duration_text(think.value_s)
        case "exponential":
            return f"exponential({duration_text(think.value_s)})"
        case "uniform":
            return f"uniform({duration_text(think.low_s)}, {duration_text(think.high_s)})"
        case "lognormal":
            return f"lognormal({duration_text(think.value_s)}, {_digits(think.sigma)})"


def extraction_text(extraction: Extraction) -> str:
    """``$.items[*].id | random``."""
    prefix = "" if extraction.source == "json" else f"{extraction.source}:"
    return f"{prefix}{extraction.expression}" + ("" if extraction.pick == "first" else f" | {extraction.pick}")


def _above(said: Mapping[str, Sequence[str]], place: str, lines: list[str]) -> list[str]:
    return [*comment_lines(said.get(place, ())), *lines]


def _table(title: str, pairs: Mapping[str, object]) -> list[str]:
    return [title, *(f"{name} = {value(one)}" for name, one in pairs.items())]


def _service(service: Service) -> list[str]:
    pairs: dict[str, object] = {"url": service.url}
    if service.start is not None:
        pairs["start"] = service.start
    if service.ready is not None:
        pairs["ready"] = service.ready
    if service.ready_timeout_s != 30.0:
        pairs["ready_timeout"] = duration_text(service.ready_timeout_s)
    if service.cwd is not None:
        pairs["cwd"] = service.cwd
    if service.env:
        pairs["env"] = service.env
    if service.instrument is not True:
        pairs["instrument"] = service.instrument
    if service.dsn is not None:
        pairs["dsn"] = service.dsn
    if service.show:
        pairs["show"] = service.show
    return _table("[service]", pairs)


def _access(service: Service) -> Iterator[list[str]]:
    if service.auth is not None:
        auth = service.auth
        pair = {"user": auth.user, "password": auth.password}
        yield _table("[auth]", {"basic": pair} if auth.bearer is None else {"bearer": auth.bearer})
    tls: dict[str, object] = {} if service.tls.ca_file is None else {"ca_file": service.tls.ca_file}
    if not service.tls.verify:
        tls["verify"] = False
    if tls:
        yield _table("[tls]", tls)


def _slo(slo: Slo) -> list[str]:
    pairs: dict[str, object] = {} if slo.name == slo.objective.text else {"name": slo.name}
    if slo.journey is not None:
        pairs |= {"step": f"{slo.journey}.{slo.step}"} if slo.step is not None else {"journey": slo.journey}
    return _table("[[slo]]", {**pairs, "objective": slo.objective.text})


def _journey(journey: Journey, said: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    pairs: dict[str, object] = {"name": journey.name}
    if journey.weight != 1:
        pairs["weight"] = _whole(journey.weight)
    if journey.start is not None:
        pairs["start"] = journey.start
    if journey.most != Journey("", 1, ()).most:
        pairs["most"] = journey.most
    yield _above(said, f"journey.{journey.name}", _table("[[journey]]", pairs))
    for action in journey.actions:
        if isinstance(action, Think):
            yield ["[[journey.step]]", f"think = {text(think_text(action))}"]
        else:
            yield _above(said, f"journey.{journey.name}.{action.name}", _step(action))


def _step(step: Step) -> list[str]:
    lines = ["[[journey.step]]", f"name = {text(step.name)}", f"{step.method.lower()} = {text(step.target)}"]
    if step.headers:
        lines.append(f"headers = {value(step.headers)}")
    if step.body is not None:
        word = "body" if step.body.kind == "text" else step.body.kind
        lines.append(f"{word} = {value(step.body.value)}")
    if step.timeout_s != 10.0:
        lines.append(f"timeout = {text(duration_text(step.timeout_s))}")
    if step.redirects:
        lines.append(f"redirects = {step.redirects}")
    lines += [f"extract.{key(one.name)} = {text(extraction_text(one))}" for one in step.extract]
    if step.check.status is not None:
        statuses = [word for one in step.check.status for word in _statuses(*one)]
        lines.append(f"check.status = {value(statuses[0] if len(statuses) == 1 else statuses)}")
    for name in ("contains", "regex", "json"):
        if texts := getattr(step.check, name):
            lines.append(f"check.{name} = {value(texts[0] if len(texts) == 1 else texts)}")
    if step.pause is not None:
        lines.append(f"pause = {text(think_text(step.pause))}")
    if step.next is not None:
        lines.append(f"next = {value(step.next)}")
    return lines


def _statuses(low: int, high: int) -> list[int | str]:
    """A status, or whole classes of them."""
    if low == high:
        return [low]
    if low % 100 or high % 100 != 99:
        raise ValueError(f"the spec has no word for the statuses {low} to {high}")
    return [f"{number}xx" for number in range(low // 100, high // 100 + 1)]


def _off(draft: Draft, said: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    if draft.off or said.get("off"):
        yield comment_lines([OFF, *said.get("off", ())])
    for journey in draft.off:
        for block in _journey(journey, said):
            yield [f"# {line}" for line in block]


def _feed(feed: Feed) -> list[str]:
    if feed.source is None:
        raise ValueError(f"the feed {feed.name} has no file")
    pairs: dict[str, object] = {"csv": feed.source}
    if feed.order == "zipf":
        shift = f", {_digits(feed.shift)}" if feed.shift else ""
        pairs["order"] = f"zipf({_digits(feed.exponent)}{shift})"
    elif feed.order != "sequential":
        pairs["order"] = feed.order
    if feed.per != "journey":
        pairs["per"] = feed.per
    return _table(f"[feed.{key(feed.name)}]", pairs)


def _shape(shape: Shape) -> list[str]:
    *before, main = shape.phases or (None,)
    warm = before[0] if before else None
    if main is None or len(before) > 1 or not main.measured or (warm is not None and warm.measured):
        raise ValueError(f"the spec has no word for the phases of the shape {shape.name}")
    if warm is not None and (warm.rate_per_s, warm.users) != (main.rate_per_s, main.users):
        raise ValueError(f"the spec has no word for a warm-up at another load, in the shape {shape.name}")
    pairs: dict[str, object] = {}
    if main.users is not None:
        pairs["users"] = main.users
    else:
        pairs["rate"] = rate_text(main.rate_per_s or 0.0)
        if shape.arrivals != "poisson":
            pairs["arrivals"] = shape.arrivals
    pairs["duration"] = duration_text(main.duration_s)
    if warm is not None:
        pairs["warm_up"] = duration_text(warm.duration_s)
    if shape.bursts:
        pairs["bursts"] = {duration_text(one.window_s): _whole(one.index) for one in shape.bursts}
    return _table(f"[shape.{key(shape.name)}]", pairs)


def _assumption(one: Assumption) -> dict[str, object]:
    pairs = {"name": one.name, "value": one.value, "low": one.low, "high": one.high}
    pairs |= {"source": one.source, "review": one.review}
    return {
        name: _whole(given) if isinstance(given, float) else given for name, given in pairs.items() if given is not None
    }


def _unknown(one: Unknown) -> dict[str, object]:
    return {"name": one.name, "command": one.command} if one.command is not None else {"name": one.name}


def _cell(cell: str, *, alone: bool) -> str:
    """By RFC 4180, with quotes where a reader needs them."""
    if any(letter in cell for letter in ',"\r\n') or (alone and not cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _whole(number: float) -> float | int:
    return int(number) if number == int(number) and abs(number) < 2**53 else number


def _digits(number: float) -> str:
    """Every digit that counts, without an exponent."""
    from decimal import Decimal

    shown = f"{Decimal(repr(float(number))):f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
