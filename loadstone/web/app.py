"""The pages' addresses.

    /                           every run
    /runs/ID                    a run's page; live while it is going
    /runs/ID/view.json          all that the page shows
    /runs/ID/events             server-sent events while it is going: ``view`` each second, then ``end``
    /runs/ID/trace/TRACEID      any trace of its evidence
    /experiments/ID             an experiment's page
    /experiments/ID/view.json   all that it shows
    /traffic/ID                 the page of a model of traffic
    /traffic/ID/view.json       all that it shows

All are GET, none changes anything. Reading never locks the archive.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from loadstone.archive import Archive, Run, evidence_run
from loadstone.errors import LoadstoneError
from loadstone.lab.experiment_report import answer_of, experiment_page, proof_of
from loadstone.lab.experiments import Experiment, experiments, has_experiment, resolve_experiment
from loadstone.lab.report import view
from loadstone.render.html import runs_html, served_experiment_html, served_html, served_traffic_html
from loadstone.render.text import side_of
from loadstone.web.following import EVERY_S, Following
from loadstone.web.guard import Guard

if TYPE_CHECKING:
    from starlette.requests import Request

    from loadstone.model.proof_view import ExperimentView
    from loadstone.model.run import Manifest
    from loadstone.model.run_view import RunView
    from loadstone.model.traffic_view import TrafficView

__all__ = ["application"]

KEPT = 8
"""Views of runs that have ended, kept in memory: a page of a large one takes seconds to build, and some MB."""

BEAT_S = 15.0
"""A comment so often keeps an idle stream open through whatever lies between."""

_TRACE_ID = re.compile(r"[0-9a-f]{32}")


def application(archive: Archive, host: str = "127.0.0.1", closing: asyncio.Event | None = None) -> Starlette:
    """The application. ``host`` is what it is bound to; ``closing`` ends the streams when the server ends."""
    pages = _Pages(archive, closing)
    return Starlette(
        routes=[
            Route("/", pages.runs),
            Route("/runs/{run}", pages.run),
            Route("/runs/{run}/view.json", pages.view),
            Route("/runs/{run}/events", pages.events),
            Route("/runs/{run}/trace/{trace}", pages.trace),
            Route("/experiments/{experiment}", pages.experiment),
            Route("/experiments/{experiment}/view.json", pages.experiment_view),
            Route("/traffic/{traffic}", pages.traffic),
            Route("/traffic/{traffic}/view.json", pages.traffic_view),
        ],
        middleware=[Middleware(Guard, host=host)],
        exception_handlers={HTTPException: _refused, LoadstoneError: _unreadable},
    )


class _Pages:
    """The handlers, with what they keep between requests. What reads files does so in a thread of its own."""

    def __init__(self, archive: Archive, closing: asyncio.Event | None) -> None:
        self._archive = archive
        self._closing = closing
        self._views: OrderedDict[tuple[str, int, int], RunView] = OrderedDict()
        self._rows: dict[str, tuple[int, dict[str, Any]]] = {}
        self._following: dict[str, Following] = {}
        self._models: dict[str, dict[str, Any]] = {}

    async def runs(self, request: Request) -> Response:
        return HTMLResponse(
            await run_in_threadpool(lambda: runs_html(self._listed(), self._experiments(), self._kept()))
        )

    async def run(self, request: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(self._page, self._known(request)))

    async def view(self, request: Request) -> Response:
        run = self._known(request)
        return _json(await run_in_threadpool(lambda: msgspec.json.encode(self._view(run))))

    async def trace(self, request: Request) -> Response:
        run, trace = self._known(request), request.path_params["trace"]
        found = await run_in_threadpool(self._trace, run, trace) if _TRACE_ID.fullmatch(trace) else None
        if found is None:
            raise HTTPException(404, f"the run {run.id} keeps no such trace")
        return _json(found)

    async def experiment(self, request: Request) -> Response:
        view = await run_in_threadpool(self._experiment, request)
        return HTMLResponse(await run_in_threadpool(served_experiment_html, view))

    async def experiment_view(self, request: Request) -> Response:
        view = await run_in_threadpool(self._experiment, request)
        return _json(msgspec.json.encode(view))

    async def traffic(self, request: Request) -> Response:
        view = await run_in_threadpool(self._traffic, request)
        return HTMLResponse(await run_in_threadpool(served_traffic_html, view))

    async def traffic_view(self, request: Request) -> Response:
        view = await run_in_threadpool(self._traffic, request)
        return _json(msgspec.json.encode(view))

    async def events(self, request: Request) -> Response:
        run = self._known(request)
        return StreamingResponse(self._stream(run), media_type="text/event-stream")

    async def _stream(self, run: Run) -> AsyncIterator[bytes]:
        following = self._following.setdefault(run.id, Following(run, self._told))
        sent: bytes | None = None
        silent_s = 0.0
        while True:
            try:
                latest, running = await run_in_threadpool(following.latest)
            except LoadstoneError:
                latest, running = b"", True  # a run that has just begun has no plan yet
                if self._archive.run(run.id).manifest.status != "running":
                    return
            if not running:
                self._following.pop(run.id, None)
                yield b"event: end\ndata: " + latest + b"\n\n"
                return
            if latest and latest != sent:
                yield b"event: view\ndata: " + latest + b"\n\n"
                sent, silent_s = latest, 0.0
            elif silent_s >= BEAT_S:
                yield b":\n\n"
                silent_s = 0.0
            if await self._closed(EVERY_S):
                return
            silent_s += EVERY_S

    async def _closed(self, within_s: float) -> bool:
        """Wait so long; whether the server ends meanwhile."""
        if self._closing is None:
            await asyncio.sleep(within_s)
            return False
        try:
            await asyncio.wait_for(self._closing.wait(), within_s)
        except TimeoutError:
            return False
        return True

    def _known(self, request: Request) -> Run:
        name = request.path_params["run"]
        if not self._archive.has(name):
            raise HTTPException(404, "there is no such run")
        return self._archive.run(name)

    def _experiment(self, request: Request) -> ExperimentView:
        name = request.path_params["experiment"]
        if not has_experiment(self._archive, name):
            raise HTTPException(404, "there is no such experiment")
        found = resolve_experiment(self._archive, name)
        base = found.manifest.found_in
        link = None if base is None or not self._archive.has(base) else f"/runs/{base}"
        return experiment_page(self._archive, found, link)

    def _traffic(self, request: Request) -> TrafficView:
        from loadstone.lab.traffic import traffic_ids
        from loadstone.lab.traffic_page import traffic_page

        name = request.path_params["traffic"]
        if name not in traffic_ids(self._archive):
            raise HTTPException(404, "there is no such traffic")
        return traffic_page(self._archive, name)

    def _page(self, run: Run) -> str:
        base = f"/runs/{run.id}"
        live = run.manifest.status == "running"
        served = {"run": run.id, "live": live, "trace": f"{base}/trace/", "events": f"{base}/events"}
        return served_html(self._view(run), served)

    def _view(self, run: Run) -> RunView:
        """The run's view; of one that has ended it is kept while nothing is written beside it or its evidence. The
        proof of its finding comes later, from elsewhere, and is looked for each time."""
        if run.manifest.status == "running":
            return view(run, archive=self._archive)
        key = (run.id, _written(run), _written(evidence_run(self._archive, run)))
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = view(run, archive=self._archive)
            while len(self._views) > KEPT:
                self._views.popitem(last=False)
        else:
            self._views.move_to_end(key)
        return found if found.causes is None else msgspec.structs.replace(found, proof=proof_of(self._archive, run))

    def _told(self, run: Run) -> bytes:
        return msgspec.json.encode(view(run, archive=self._archive))

    def _trace(self, run: Run, trace: str) -> bytes | None:
        from loadstone.drive.facts import PlanFacts
        from loadstone.render.evidence import served_trace

        holder = evidence_run(self._archive, run)
        evidence = holder.evidence()
        if evidence is None:
            return None
        plan = holder.text("plan.json")
        steps = () if plan is None else PlanFacts.of(plan.encode()).steps
        found = served_trace(evidence, bytes.fromhex(trace), origin_ns=holder.manifest.started_ns, steps=steps)
        return None if found is None else msgspec.json.encode(found)

    def _listed(self) -> list[dict[str, Any]]:
        """A row a run; a run that cannot be read is left out, as ``loadstone runs`` tells of it."""
        rows = []
        for run in map(self._archive.run, self._archive.ids()):
            try:
                changed = _changed(run)
                known = self._rows.get(run.id)
                if known is None or known[0] != changed or known[1]["status"] == "running":
                    known = self._rows[run.id] = changed, _row(run.manifest)
            except (LoadstoneError, OSError):
                continue
            rows.append(known[1])
        return rows

    def _experiments(self) -> list[dict[str, Any]]:
        """A row an experiment; one that cannot be read is left out."""
        rows = []
        for experiment in experiments(self._archive):
            with suppress(LoadstoneError, OSError):
                rows.append(_experiment_row(experiment))
        return rows

    def _kept(self) -> list[dict[str, Any]]:
        """A row a model of traffic, which never changes; one that cannot be read is left out."""
        from loadstone.lab.traffic import traffic_ids
        from loadstone.lab.traffic_page import traffic_page

        names = traffic_ids(self._archive)
        for name in names:
            if name not in self._models:
                with suppress(LoadstoneError, OSError):
                    view = traffic_page(self._archive, name)
                    self._models[name] = {"traffic": name, "belief": view.belief, "sentence": view.headline}
        return [self._models[name] for name in names if name in self._models]


def _experiment_row(experiment: Experiment) -> dict[str, Any]:
    manifest = experiment.manifest
    verdict, sentence = answer_of(experiment) or (None, None)
    return {
        "experiment": experiment.id,
        "kind": manifest.kind,
        "status": manifest.status,
        "started_ns": manifest.started_ns,
        "verdict": verdict,
        "sentence": sentence,
        "sides": [side.label for side in manifest.sides],
    }


def _row(manifest: Manifest) -> dict[str, Any]:
    told = manifest.summary
    return {
        "run": manifest.run,
        "status": manifest.status,
        "outcome": told.outcome if told else None,
        "validity": told.validity if told else None,
        "started_ns": manifest.started_ns,
        "requests": told.requests if told else None,
        "errors": told.errors if told else None,
        "offered_per_s": told.offered_per_s if told else None,
        "p99_s": told.latency_s.response.p99 if told else None,
        "command": (*manifest.command, *side_of(manifest)),
        "url": manifest.service.url if manifest.service else None,
    }


def _changed(run: Run) -> int:
    """When the run's manifest was replaced, in nanoseconds."""
    return (run.directory / "manifest.json").stat().st_mtime_ns


def _written(run: Run) -> int:
    """When a file was last put beside the run's manifest, in nanoseconds: each is replaced by a rename."""
    return run.directory.stat().st_mtime_ns


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}\n", status_code=error.status_code, headers=error.headers)


async def _unreadable(request: Request, error: Exception) -> Response:
    """A run that is there and cannot be read: it has just begun, or its files are damaged."""
    return PlainTextResponse(f"{error}\n", status_code=503, headers={"retry-after": "2"})
