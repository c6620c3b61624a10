"""The served pages: what each address answers, what is refused, and that a page holds what the report holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from loadstone.archive import Archive, EvidenceWriter, Run
from loadstone.drive.compile import compile_plan
from loadstone.drive.fake import scripted
from loadstone.drive.quick import quick
from loadstone.lab.experiments import Experiment, ExperimentWriter
from loadstone.lab.findings import keep_diagnosis
from loadstone.lab.report import view
from loadstone.lab.trial import Asked, run_trial
from loadstone.model.evidence_view import TraceView
from loadstone.model.proof_view import ExperimentView
from loadstone.model.run_view import RunView
from loadstone.render import html
from loadstone.web.app import application
from tests.browser.proof_specimens import manifest
from tests.evidence import columns, packed, span, trace_id
from tests.render.causes_specimens import founding
from tests.render.comparison_specimens import FOR_THE_REASON

UI = Path(__file__).parents[2] / "ui"


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Package data with the page's template in it, as a build leaves it but without its script."""
    path = tmp_path_factory.mktemp("package")
    monkeypatch.setattr(html, "files", lambda _package: path)
    (path / "bundle").mkdir()
    (path / "bundle" / "report.html").write_text((UI / "report.template.html").read_text("utf-8"), "utf-8")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / ".loadstone")


@pytest.fixture
def run(archive: Archive) -> Run:
    """A run that has ended, with two traces."""
    return made(archive)


def made(archive: Archive, nonce: int = 7) -> Run:
    service, workload, shape = quick("http://127.0.0.1:9/items", duration_s=5.0, rate_per_s=50.0)
    plan = compile_plan(workload, shape, service, (), seed=41, hash_key="0" * 32)
    trial = run_trial(archive, Asked(plan=plan, service=service, seed=41, nonce=nonce, report=False), scripted)
    writer = EvidenceWriter(trial.directory)
    rows = [
        row
        for number in (1, 2)
        for row in (
            span(number, 1, packed(number), number, number + 1, kind=2),
            span(number, 2, 1, number, number + 0.5),
        )
    ]
    writer.add({"spans": [columns("spans", rows)]}, {})
    writer.finish(nonce)
    return archive.run(trial.run)


@pytest.fixture
def client(archive: Archive) -> Iterator[TestClient]:
    with TestClient(application(archive), base_url="http://127.0.0.1:7080") as client:
        yield client


def element(page: str, name: str) -> bytes:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return found[1].encode()


def test_the_list_tells_every_run(archive: Archive, client: TestClient, run: Run) -> None:
    second = made(archive, nonce=8)
    rows = {row["run"]: row for row in msgspec.json.decode(element(client.get("/").text, "runs"))}
    assert set(rows) == {second.id, run.id}
    summary = run.manifest.summary
    assert summary is not None
    assert rows[run.id] == {
        "run": run.id,
        "status": "complete",
        "outcome": summary.outcome,
        "validity": summary.validity,
        "started_ns": run.manifest.started_ns,
        "requests": summary.requests,
        "errors": summary.errors,
        "offered_per_s": summary.offered_per_s,
        "p99_s": summary.latency_s.response.p99,
        "command": [],
        "url": "http://127.0.0.1:9",
    }


def test_a_run_that_cannot_be_read_hides_no_other(archive: Archive, client: TestClient, run: Run) -> None:
    broken = made(archive)
    (broken.directory / "manifest.json").write_text("{")
    assert [row["run"] for row in msgspec.json.decode(element(client.get("/").text, "runs"))] == [run.id]
    answer = client.get(f"/runs/{broken.id}")
    assert answer.status_code == 503
    assert "is not a run's manifest" in answer.text


def test_an_empty_archive_has_an_empty_list(client: TestClient) -> None:
    assert msgspec.json.decode(element(client.get("/").text, "runs")) == []


def test_a_runs_page_is_its_report_and_knows_where_it_came_from(archive: Archive, client: TestClient, run: Run) -> None:
    page = client.get(f"/runs/{run.id}").text
    told = msgspec.json.decode(element(page, "run-view"), type=RunView)
    assert told == view(run, archive=archive)
    assert told.evidence is not None
    assert told.evidence.spans == 4
    assert msgspec.json.decode(element(page, "served")) == {
        "run": run.id,
        "live": False,
        "trace": f"/runs/{run.id}/trace/",
        "events": f"/runs/{run.id}/events",
    }
    assert "default-src 'none'; connect-src 'self';" in page
    report = html.report_html(told)
    assert "connect-src" not in report
    assert 'id="served"' not in report


def test_the_view_is_had_as_json(client: TestClient, run: Run) -> None:
    answer = client.get(f"/runs/{run.id}/view.json")
    assert answer.headers["content-type"] == "application/json"
    assert msgspec.json.decode(answer.content, type=RunView).manifest.run == run.id
    assert client.head(f"/runs/{run.id}/view.json").status_code == 200


def test_any_trace_is_had_by_its_id(client: TestClient, run: Run) -> None:
    answer = client.get(f"/runs/{run.id}/trace/{trace_id(2).hex()}")
    trace = msgspec.json.decode(answer.content, type=TraceView)
    assert [one.name for one in trace.spans] == ["span 1", "span 2"]
    assert (trace.row.step, trace.row.request) == ("GET /items", 2)


def test_a_bare_run_shows_its_partners_traces(archive: Archive, client: TestClient, run: Run) -> None:
    from loadstone.archive import amend

    bare = made(archive, nonce=9)
    amend(bare.directory, observed=run.id)
    answer = client.get(f"/runs/{bare.id}/trace/{trace_id(1).hex()}")
    assert answer.status_code == 200
    told = msgspec.json.decode(client.get(f"/runs/{bare.id}/view.json").content, type=RunView)
    assert told.evidence is not None
    assert (told.evidence.run, told.evidence.origin) == (run.id, "observed run")


@pytest.mark.parametrize(
    "path",
    [
        "/runs/",
        "/runs/..%2f..%2fetc",
        "/runs/%2e%2e",
        "/runs/20261123T101530-7f3a",
        "/runs/last",
        "/runs/20261123T101530-7f3a%00",
        "/runs/RUN%2f..%2fRUN",
        "/runs/RUN/trace/zz",
        "/runs/RUN/trace/" + "0" * 32,
        "/runs/RUN/trace/' OR 1=1 --",
        "/runs/RUN/spec.toml",
        "/runs/RUN/../../x",
        "/api/sql",
        "/favicon.ico",
    ],
)
def test_what_is_not_there_is_404_and_says_nothing(client: TestClient, run: Run, path: str) -> None:
    answer = client.get(path.replace("RUN", run.id))
    assert answer.status_code == 404
    assert "<" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_can_be_changed(client: TestClient, run: Run, method: str) -> None:
    assert client.request(method, f"/runs/{run.id}").status_code == 405


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7080", "127.0.0.1.evil.example", "", "169.254.169.254", "[::2]"]
)
def test_a_name_that_is_not_ours_is_refused(client: TestClient, run: Run, host: str) -> None:
    for path in ("/", f"/runs/{run.id}/view.json"):
        answer = client.get(path, headers={"host": host})
        assert answer.status_code == 421
        assert run.id not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:1", "127.8.8.8", "[::1]:80", "[::1]"])
def test_names_of_this_machine_are_ours(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"), [("10.1.2.3:80", 200), ("box:80", 200), ("evil.example", 421), ("[fe80::1]", 200)]
)
def test_bound_elsewhere_any_address_is_ours_but_no_foreign_name(archive: Archive, host: str, status: int) -> None:
    with TestClient(application(archive, "box")) as client:
        assert client.get("/", headers={"host": host}).status_code == status


def test_every_answer_is_guarded_and_no_origin_is_let_in(client: TestClient, run: Run) -> None:
    for path in ("/", f"/runs/{run.id}", "/nothing"):
        headers = client.get(path, headers={"origin": "http://evil.example"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "frame-ancestors 'none'"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers


def test_hostile_texts_of_a_run_end_no_element(archive: Archive, client: TestClient, run: Run) -> None:
    from loadstone.archive import amend

    amend(run.directory, command=("loadstone", "</script><script>alert(1)</script>", html.DATA, html.TITLE))
    for path, scripts in (("/", 5), (f"/runs/{run.id}", 3)):
        page = client.get(path).text
        assert "alert(1)</script>" not in page
        assert page.count("<script") == scripts
    rows = msgspec.json.decode(element(client.get("/").text, "runs"))
    assert rows[0]["command"][1:] == ["</script><script>alert(1)</script>", html.DATA, html.TITLE]


def experiment(archive: Archive, found_in: str | None = None) -> Experiment:
    """A proof that has ended."""
    writer = ExperimentWriter(archive, manifest(FOR_THE_REASON, found_in=found_in))
    writer.tell(msgspec.structs.replace(FOR_THE_REASON, experiment=writer.id))
    writer.update(status="complete")
    return Experiment(writer.directory)


def test_a_proof_that_comes_later_is_shown(client: TestClient, archive: Archive, run: Run) -> None:
    def proof() -> bool:
        return msgspec.json.decode(client.get(f"/runs/{run.id}/view.json").content, type=RunView).proof is not None

    assert not proof()
    keep_diagnosis(run, founding())  # the page has been looked at already: a diagnosis comes later too
    assert not proof()
    experiment(archive, run.id)
    assert proof()


def test_an_experiment_has_its_page(client: TestClient, archive: Archive, run: Run) -> None:
    kept = experiment(archive, run.id)
    page = client.get(f"/experiments/{kept.id}")
    assert page.status_code == 200
    told = msgspec.json.decode(element(page.text, "run-view"), type=ExperimentView)
    assert told == msgspec.json.decode(client.get(f"/experiments/{kept.id}/view.json").content, type=ExperimentView)
    assert told.proof.comparison.verdict == "faster"
    assert told.proof.base_report == f"/runs/{run.id}"


def test_experiments_stand_in_the_list(client: TestClient, archive: Archive) -> None:
    kept = experiment(archive)
    rows = msgspec.json.decode(element(client.get("/").text, "experiments"))
    assert [(row["experiment"], row["verdict"], row["kind"]) for row in rows] == [(kept.id, "faster", "prove")]


@pytest.mark.parametrize("name", ["20261125T101500-xffff", "..%2f..", "nothing"])
def test_no_such_experiment(client: TestClient, name: str) -> None:
    assert client.get(f"/experiments/{name}").status_code == 404


def test_an_experiment_without_a_verdict_is_not_there_yet(client: TestClient, archive: Archive) -> None:
    writer = ExperimentWriter(archive, manifest(FOR_THE_REASON))
    answer = client.get(f"/experiments/{writer.id}")
    assert answer.status_code == 503
    assert "no verdict yet" in answer.text
    rows = msgspec.json.decode(element(client.get("/").text, "experiments"))
    assert [row["verdict"] for row in rows] == [None]
