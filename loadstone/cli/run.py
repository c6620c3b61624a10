"""``loadstone run``."""

from __future__ import annotations

import sys

import click

from loadstone.cli.observe import collector_options, place_options
from loadstone.cli.options import archive_option, duration, json_option, labels, positive, rate
from loadstone.cli.options import seed as valid_seed

EPILOG = """\b
An open model: requests arrive by the clock, whatever the service does.
  loadstone run http://127.0.0.1:8000/items --rate 500/s --for 30s
A closed population: each user waits for its answer before it asks again.
  loadstone run http://127.0.0.1:8000/items --users 50 --for 30s
As fast as 50 connections can:
  loadstone run http://127.0.0.1:8000/items --max --connections 50 --for 10s
A post with a header, a varied path:
  loadstone run "http://127.0.0.1:8000/items/{zipf(1000)}" --rate 20/s --method PUT \\
      --header "content-type: application/json" --body '{{"n": 1}}'
What loadstone.toml says, judged by its objectives:
  loadstone run --shape steady
The same, and then once more with traces, profiles, database and host observed:
  loadstone run --evidence --dsn "{env.DATABASE_URL}"
A service behind a proxy or in a container, whose processes are those of another port:
  loadstone run --evidence --port 8000

\b
Ctrl-C ends the schedule and waits for the requests in flight; a second one cuts them off. The record is whole
either way. Exit codes: 0 pass, 1 fail, 2 spec or usage, 3 undecided, 4 invalid measurement.
"""


@click.command(epilog=EPILOG)
@click.argument("url", required=False)
@click.option("--rate", "rate_per_s", metavar="RATE", callback=rate, help="Requests that arrive: 500/s, 30/min.")
@click.option("--users", type=int, callback=positive, metavar="N", help="A closed population of N users.")
@click.option("--max", "at_most", is_flag=True, help="A closed loop without think time, on --connections.")
@click.option("--connections", type=int, callback=positive, metavar="N", help="Connections at most.  [--max: 50]")
@click.option("--for", "duration_s", metavar="TIME", callback=duration, help="How long: 30s, 2m.  [default: 30s]")
@click.option("--warm-up", "warm_up_s", metavar="TIME", callback=duration, help="Load before that, not counted.")
@click.option("--even", is_flag=True, help="Even arrivals instead of Poisson ones.")
@click.option("--method", metavar="NAME", help="HTTP method.  [default: GET, with a body POST]")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A request header; repeatable.")
@click.option("--body", metavar="TEXT", help="The request's body.")
@click.option("--timeout", "timeout_s", metavar="TIME", callback=duration, help="For one request.  [default: 10s]")
@click.option("--spec", metavar="FILE", help="The spec.  [default: loadstone.toml]")
@click.option("--shape", metavar="NAME", help="Which of the spec's shapes.  [default: the first]")
@click.option("--seed", type=int, callback=valid_seed, metavar="N", help="The same seed, the same traffic.")
@click.option("--cores", type=int, callback=positive, default=1, metavar="N", help="Engine threads.  [default: 1]")
@click.option("--name", metavar="TEXT", help="A name for the run: the label name=TEXT.")
@click.option("--label", "marks", multiple=True, metavar="K=V", callback=labels, help="Kept with the run; repeatable.")
@click.option("--yes-load", "hosts", multiple=True, metavar="HOST", help="Drive this host, which is not loopback.")
@click.option("--evidence", is_flag=True, help="Then the same load again, observed from inside and around.")
@place_options
@collector_options
@click.option("--no-report", is_flag=True, help="Write no report.html.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def run(
    url: str | None,
    rate_per_s: float | None,
    users: int | None,
    at_most: bool,
    connections: int | None,
    duration_s: float | None,
    warm_up_s: float | None,
    even: bool,
    method: str | None,
    headers: tuple[str, ...],
    body: str | None,
    timeout_s: float | None,
    spec: str | None,
    shape: str | None,
    seed: int | None,
    cores: int,
    name: str | None,
    marks: dict[str, str],
    hosts: tuple[str, ...],
    evidence: bool,
    pids: tuple[int, ...],
    port: int | None,
    dsn: str | None,
    without: tuple[str, ...],
    memory: bool,
    otlp_port: int,
    grpc_port: int | None,
    no_report: bool,
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> int:
    """Drive a service and tell what happened.

    With a URL, one request is the workload. Without, loadstone.toml says what is driven, how, and what is good
    enough; the exit code then follows its objectives.
    """
    from loadstone.cli.asked import Choices, asked_for, drawn_seed
    from loadstone.cli.observe import Ways
    from loadstone.cli.trial import tell

    choices = Choices(
        url=url,
        spec=spec,
        shape=shape,
        rate_per_s=rate_per_s,
        users=users,
        at_most=at_most,
        connections=connections,
        duration_s=duration_s,
        warm_up_s=warm_up_s,
        even=even,
        method=method,
        headers=headers,
        body=body,
        timeout_s=timeout_s,
        seed=drawn_seed() if seed is None else seed,
        cores=cores,
        labels=marks if name is None else {"name": name, **marks},
        hosts=hosts,
        report=not no_report,
    )
    if not evidence and (dsn or without or memory or otlp_port or grpc_port is not None or pids or port is not None):
        raise click.UsageError(
            "--pid, --port, --dsn, --without, --memory, --otlp-port and --grpc-port go with --evidence"
        )
    ways = Ways(dsn=dsn, without=without, memory=memory, otlp_port=otlp_port, grpc_port=grpc_port, pids=pids, port=port)
    asked, load = asked_for(choices)
    observed = asked_for(choices, ways)[0] if evidence else None
    quiet = quiet or (as_json and not sys.stderr.isatty())
    looked = "loadstone run --evidence" if url is None else None
    return tell(asked, load, archive, observed=observed, as_json=as_json, quiet=quiet, next_step=looked)
