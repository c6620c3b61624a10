"""From arguments to what a trial is asked to do: a quick run of one URL, or what a spec says."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from loadstone.cli.observe import observing_of
from loadstone.cli.typed import typed
from loadstone.errors import SpecError
from loadstone.model.quantity import format_duration, format_rate

if TYPE_CHECKING:
    from loadstone.cli.observe import Ways
    from loadstone.lab.trial import Asked
    from loadstone.model.service import Service
    from loadstone.model.shape import Phase, Shape
    from loadstone.model.slo import Slo
    from loadstone.model.workload import Workload
    from loadstone.spec import Spec

__all__ = ["Choices", "asked_for", "asked_of", "described", "drawn_seed", "found_spec", "shape_of"]

DEFAULT_SPEC = "loadstone.toml"
DEFAULT_DURATION_S = 30.0
DEFAULT_CONNECTIONS = 50
CREDENTIALS = {"authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token"}
SEEDS = 10_000  # short enough to type again


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of ``loadstone run``, as they were given; None where nothing was said."""

    url: str | None = None
    spec: str | None = None
    shape: str | None = None
    rate_per_s: float | None = None
    users: int | None = None
    at_most: bool = False
    connections: int | None = None
    duration_s: float | None = None
    warm_up_s: float | None = None
    even: bool = False
    method: str | None = None
    headers: tuple[str, ...] = ()
    body: str | None = None
    timeout_s: float | None = None
    seed: int | None = None
    cores: int = 1
    labels: Mapping[str, str] = {}
    hosts: tuple[str, ...] = ()
    report: bool = True


class _Load(msgspec.Struct, frozen=True):
    service: Service
    workload: Workload
    shape: Shape
    slos: tuple[Slo, ...]
    text: str | None
    hosts: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    environment: Mapping[str, str] = {}
    command: tuple[str, ...] = ()


def asked_for(choices: Choices, ways: Ways | None = None) -> tuple[Asked, str]:
    """What to run, and the line that says so; an observed run where ``ways`` say how. Raises SpecError."""
    return _planned(_quick(choices) if choices.url is not None else _from_spec(choices), choices, ways)


def asked_of(spec: Spec, service: Service, choices: Choices, ways: Ways | None = None) -> tuple[Asked, str]:
    """What a spec asks, of this service instead of its own, and the line that says so. Raises SpecError."""
    return _planned(msgspec.structs.replace(_of_spec(spec, choices), service=service), choices, ways)


def drawn_seed() -> int:
    """A seed that is short enough to type again."""
    return secrets.randbelow(SEEDS)


def _planned(load: _Load, choices: Choices, ways: Ways | None) -> tuple[Asked, str]:
    _import_numpy()
    from loadstone.drive.compile import CONNECTIONS, OBSERVED_UNIFORM, Recording, compile_plan
    from loadstone.drive.engine import native_build
    from loadstone.lab.machine import cores
    from loadstone.lab.trial import Asked
    from loadstone.spec import check_host

    check_host(load.service.url, (*load.hosts, *choices.hosts))
    if not 1 <= choices.cores <= cores():
        raise SpecError(f"--cores {choices.cores}: this process may use 1 to {cores()}")
    seed = drawn_seed() if choices.seed is None else choices.seed
    nonce = secrets.randbits(32)
    observing = None if ways is None else observing_of(load.service, load.workload, ways)
    workload = load.workload
    if observing is not None and workload.trace_share is None:
        workload = msgspec.structs.replace(workload, trace_share=1.0)
    plan = compile_plan(
        workload,
        load.shape,
        load.service,
        load.slos,
        seed=seed,
        cores=choices.cores,
        connections=choices.connections or CONNECTIONS,
        nonce=nonce,
        environment={**os.environ, **load.environment},
        hash_key=observing.redaction.key if observing else None,
        recording=Recording(uniform=OBSERVED_UNIFORM) if observing else None,
    )
    asked = Asked(
        plan=plan,
        service=load.service,
        seed=seed,
        slos=load.slos,
        spec=load.text,
        labels={**load.labels, **choices.labels},
        command=load.command,
        nonce=nonce,
        build=native_build(),
        report=choices.report,
        observing=observing,
    )
    return asked, described(load.shape, seed, at_most=choices.at_most)


def described(shape: Shape, seed: int, *, at_most: bool = False) -> str:
    """``500/s for 30 s, Poisson arrivals, seed 41``. ``at_most``: users are connections that never pause."""
    words = []
    for phase in shape.phases:
        if phase.users is not None:
            noun = "connection" if at_most else "user"
            load = f"{phase.users:,} {noun}{'' if phase.users == 1 else 's'}"
            if at_most:
                load = f"as fast as {load} can"
        else:
            load = format_rate(phase.rate_per_s or 0.0, exact=True)
        length = format_duration(phase.duration_s, exact=True)
        words.append(f"{load} for {length}{'' if phase.measured else ' of warm-up'}")
    arrivals = {"poisson": ", Poisson arrivals", "even": ", even arrivals"}.get(shape.arrivals, "")
    if shape.bursts and shape.arrivals == "poisson":
        arrivals += " in bursts"
    return f"{', then '.join(words)}{arrivals}, seed {seed}"


def _from_spec(choices: Choices) -> _Load:
    for given, name in (
        (choices.method, "--method"),
        (choices.headers, "--header"),
        (choices.body, "--body"),
        (choices.timeout_s, "--timeout"),
        (choices.at_most, "--max"),
    ):
        if given:
            raise SpecError(f"{name} goes with a URL; in a spec it is a key of the step or the shape")
    return _of_spec(found_spec(choices.spec, choices.hosts), choices)


def found_spec(path: str | None, hosts: tuple[str, ...] = ()) -> Spec:
    """The spec named, else the one in this directory; ``hosts`` are those of ``--yes-load``.

    Raises SpecError, with both ways out when there is none.
    """
    from pathlib import Path

    from loadstone.spec import load

    if path is None and not Path(DEFAULT_SPEC).exists():
        raise SpecError(
            f"no URL was given and there is no {DEFAULT_SPEC} here\n"
            "    drive one URL:  loadstone run http://127.0.0.1:8000/ --rate 50/s --for 30s\n"
            "    have one made:  loadstone init http://127.0.0.1:8000\n"
            f"    or a spec:      write {DEFAULT_SPEC} (docs/spec.md), or name one with --spec FILE"
        )
    return load(path or DEFAULT_SPEC, yes_load=hosts)


def _of_spec(spec: Spec, choices: Choices) -> _Load:
    return _Load(
        spec.service,
        spec.workload,
        _changed(shape_of(spec, choices.shape), choices),
        spec.slos,
        spec.text,
        hosts=spec.allow_hosts,
        labels=spec.labels,
        command=typed(),
    )


def shape_of(spec: Spec, name: str | None) -> Shape:
    """The spec's shape of that name, its first without one. Raises SpecError."""
    if name is not None and name not in spec.shapes:
        raise SpecError(f'{spec.path} has no shape "{name}"; it has {", ".join(spec.shapes)}')
    return spec.shape if name is None else spec.shapes[name]


def _changed(shape: Shape, choices: Choices) -> Shape:
    """The shape with what the arguments say otherwise: its load, its length, its warm-up."""
    phases = list(shape.phases)
    for value, name, closed in ((choices.rate_per_s, "rate_per_s", False), (choices.users, "users", True)):
        if value is None:
            continue
        if (shape.arrivals == "closed") != closed:
            way = "--users" if shape.arrivals == "closed" else "--rate"
            kind = "a closed population" if shape.arrivals == "closed" else "an open model"
            raise SpecError(f'the shape "{shape.name}" is {kind}; change it with {way}, or choose another --shape')
        phases = [msgspec.structs.replace(phase, **{name: value}) for phase in phases]
    measured = [place for place, phase in enumerate(phases) if phase.measured]
    if choices.duration_s is not None:
        if len(measured) != 1:
            raise SpecError(f'the shape "{shape.name}" has {len(measured)} phases; --for is for a shape of one')
        phases[measured[0]] = msgspec.structs.replace(phases[measured[0]], duration_s=choices.duration_s)
    if choices.warm_up_s is not None:
        phases = [phase for phase in phases if phase.measured]
        if choices.warm_up_s:
            phases = [_warm_up(phases[0], choices.warm_up_s), *phases]
    arrivals = "even" if choices.even and shape.arrivals == "poisson" else shape.arrivals
    return msgspec.structs.replace(shape, arrivals=arrivals, phases=tuple(phases))


def _warm_up(first: Phase, duration_s: float) -> Phase:
    return msgspec.structs.replace(first, name="warm-up", duration_s=duration_s, measured=False)


def _import_numpy() -> None:
    """Import numpy without the threads that OpenBLAS starts for each core: no linear algebra is done here, and they
    cost 0.1 s of CPU at every start (measured on two cores)."""
    name = "OPENBLAS_NUM_THREADS"
    if name in os.environ or "numpy" in sys.modules:
        return
    os.environ[name] = "1"
    try:
        import_module("numpy")
    finally:
        del os.environ[name]  # the service that a run starts inherits the environment as it was


def _quick(choices: Choices) -> _Load:
    from loadstone.drive.quick import quick

    assert choices.url is not None
    for given, name in ((choices.spec, "--spec"), (choices.shape, "--shape")):
        if given is not None:
            raise SpecError(f"{name} goes with a spec, not with a URL; leave one of them out")
    ways = sum((choices.rate_per_s is not None, choices.users is not None, choices.at_most))
    if ways > 1:
        raise SpecError("--rate, --users and --max exclude each other: a rate is an open model, users a closed one")
    users = choices.users
    if choices.at_most:
        users = choices.connections or DEFAULT_CONNECTIONS
    headers, environment, hidden = _without_secrets(choices.headers)
    service, workload, shape = quick(
        choices.url,
        duration_s=DEFAULT_DURATION_S if choices.duration_s is None else choices.duration_s,
        rate_per_s=choices.rate_per_s,
        users=users,
        even=choices.even,
        method=choices.method or ("GET" if choices.body is None else "POST"),
        headers=headers,
        body=choices.body,
        timeout_s=10.0 if choices.timeout_s is None else choices.timeout_s,
    )
    if choices.warm_up_s:
        shape = msgspec.structs.replace(shape, phases=(_warm_up(shape.phases[0], choices.warm_up_s), *shape.phases))
    return _Load(service, workload, shape, (), None, environment=environment, command=typed(hidden))


def _without_secrets(headers: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, str], dict[str, str]]:
    """Credentials written out in headers are kept out of the archive: each becomes a variable of the environment.

    The headers as templates, the variables, and what to write in the command instead of what was typed.
    """
    from loadstone.model.template import Text, parse

    written: list[str] = []
    environment: dict[str, str] = {}
    hidden: dict[str, str] = {}
    for header in headers:
        name, _, value = header.partition(":")
        value = value.strip()
        spelled = header
        if name.strip().lower() in CREDENTIALS and all(isinstance(part, Text) for part in parse(value)):
            variable = name.strip().upper().replace("-", "_")
            environment[variable] = "".join(part.text for part in parse(value) if isinstance(part, Text))
            spelled = f"{name}: {{env.{variable}}}"
            hidden |= {header: spelled, f"--header={header}": f"--header={spelled}"}
        written.append(spelled)
    return tuple(written), environment, hidden
