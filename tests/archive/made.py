"""Nouns for the archive's tests: a manifest, plain intervals, and a strategy over every shape an interval may have."""

from __future__ import annotations

from hypothesis import strategies as st

from loadstone.model.interval import (
    Cell,
    Connections,
    Generator,
    HistogramData,
    Host,
    InFlight,
    Interval,
    Sample,
)
from loadstone.model.run import Machine, Manifest

_count = st.integers(0, 2**53)
_share = st.floats(0, 1)
_name = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)

_histograms = st.builds(
    HistogramData,
    count=_count,
    min_ns=_count,
    max_ns=_count,
    sum_ns=st.integers(0, 2**62),
    buckets=st.lists(st.tuples(st.integers(0, 5000), _count), max_size=5).map(tuple),
)

_cells = st.builds(
    Cell,
    journey=_name,
    step=st.none() | _name,
    phase=st.integers(0, 255),
    result=_name,
    error=st.booleans(),
    count=_count,
    bytes_in=_count,
    bytes_out=_count,
    over=st.lists(_count, max_size=3).map(tuple),
    response=_histograms,
    service=_histograms,
    lag=_histograms,
    first_byte=_histograms,
)


def _shapes(t_s: float) -> st.SearchStrategy[Interval]:
    return st.builds(
        Interval,
        format=st.just(1),
        t_s=st.just(t_s),
        span_s=st.floats(0, 10),
        offered=_count,
        started=_count,
        dropped=_count,
        sent=_count,
        done=_count,
        redirects=_count,
        in_flight=st.builds(InFlight, mean=st.floats(0, 1e6), max=_count),
        connections=st.builds(Connections, open=_count, opened=_count, failed=_count),
        generator=st.builds(
            Generator,
            cpu_s=st.floats(0, 10),
            cores=st.integers(1, 64),
            busiest_share=_share,
            lag_p99_s=st.floats(0, 10),
            rss_bytes=_count,
            late=_count,
            clipped=_count,
            stalls=_count,
        ),
        host=st.none()
        | st.builds(
            Host,
            steal_share=st.none() | _share,
            pressure_share=st.none() | _share,
            busy_share=st.none() | _share,
        ),
        cells=st.lists(_cells, max_size=3).map(tuple),
    )


runs_of_intervals = st.lists(st.floats(0, 1e6), unique=True, max_size=5).flatmap(
    lambda times: st.tuples(*(_shapes(t_s) for t_s in sorted(times)))
)


def manifest(started_ns: int = 1_795_515_330_000_000_000, **changes: object) -> Manifest:
    """A manifest as a writer is given it: the run's id and the process are filled in by the writer."""
    return Manifest(
        **{  # type: ignore[arg-type]
            "format": 1,
            "run": "",
            "kind": "load",
            "status": "running",
            "pid": 0,
            "pid_start_ticks": None,
            "boot_id": None,
            "nonce": 7,
            "versions": {"loadstone": "0.1.0"},
            "started_ns": started_ns,
            "monotonic_ns": 5,
            "machine": Machine(class_="linux-x86_64", cores=2, memory_bytes=1 << 33, kernel="6.1"),
            "service": None,
            "seed": 41,
        }
        | changes
    )


def histogram(bucket: int = 1234, count: int = 40) -> HistogramData:
    """A histogram with all of its values in one bucket."""
    return HistogramData(count=count, min_ns=1, max_ns=9, sum_ns=99, buckets=((bucket, count),))


def interval(t_s: float, done: int = 40) -> Interval:
    """One second of a run with a single cell."""
    cell = Cell(
        journey="browse",
        step="list",
        phase=0,
        result="200",
        error=False,
        count=done,
        bytes_in=80_000,
        bytes_out=6_000,
        over=(0,),
        response=histogram(count=done),
        service=histogram(count=done),
        lag=histogram(10, done),
        first_byte=histogram(count=done),
    )
    return Interval(
        format=1,
        t_s=t_s,
        span_s=1.0,
        offered=done,
        started=done,
        dropped=0,
        sent=done,
        done=done,
        redirects=0,
        in_flight=InFlight(mean=0.5, max=2),
        connections=Connections(open=2, opened=0, failed=0),
        generator=Generator(
            cpu_s=0.01, cores=1, busiest_share=0.01, lag_p99_s=4e-5, rss_bytes=3_000_000, late=0, clipped=0, stalls=0
        ),
        host=None,
        cells=(cell,),
    )


def sample(request: int = 1, **changes: object) -> Sample:
    """A request kept whole."""
    return Sample(
        **{  # type: ignore[arg-type]
            "journey": "browse",
            "step": "list",
            "phase": 0,
            "result": "200",
            "error": False,
            "kept": "uniform",
            "arrival": request,
            "request": request,
            "intended_ns": 10,
            "sent_ns": 11,
            "first_byte_ns": 12,
            "done_ns": 13,
            "status": 200,
            "bytes_in": 2000,
            "bytes_out": 150,
            "method": "GET",
            "target": "/products?page=#0badcafe",
            "trace_id": None,
            "message": None,
        }
        | changes
    )
