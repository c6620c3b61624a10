"""init is told more than an address: a process, a port, a compose file, traces, a token; each shows in the spec."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadstone.lab.processes import listeners
from loadstone.model.route import SAFE
from tests.integration.init_services import FLASK
from tests.integration.test_init import accepted, became, introduced, running, sent, short

__all__ = ["short"]  # the fixture that keeps runs short

COMPOSE = """\
services:
  web:
    image: songs
    ports: ["{port}:8000"]
    environment:
      DATABASE_URL: postgresql://songs:${{SONGS_PASSWORD}}@db:5432/songs
    depends_on: [db]
  db:
    image: postgres:15
    environment:
      POSTGRES_PASSWORD: a-secret-of-the-compose-file
"""


@pytest.mark.parametrize("by", ["--pid", "--port"])
def test_a_service_that_runs_already_is_attached_to(
    by: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(FLASK, tmp_path) as (url, seen):
        port = int(url.rpartition(":")[2])
        (pid,) = listeners(port)
        told, spec = introduced(capsys, url, by, str(pid if by == "--pid" else port))
        assert spec.service.start is None
        assert any(note.startswith("Not to be had: ") for note in told["notes"])  # no recorder inside what runs already
        accepted(capsys)
        assert sent(seen) <= set(SAFE)


def test_a_compose_file_names_the_database_and_no_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(FLASK, tmp_path) as (url, _):
        (tmp_path / "compose.yaml").write_text(COMPOSE.format(port=url.rpartition(":")[2]))
        told, spec = introduced(capsys, url, "--compose", "compose.yaml")
        (database,) = [one for one in told["discovery"]["databases"] if one["system"] == "postgresql"]
        assert (database["name"], database["port"]) == ("songs", 5432)
        assert "a-secret-of-the-compose-file" not in json.dumps(told) + Path(spec.path).read_text()
        accepted(capsys)


def test_traces_name_routes_that_no_page_links_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def span(number: int, year: int) -> dict[str, object]:
        told = {"http.request.method": "GET", "http.route": "/charts/<int:year>", "url.path": f"/charts/{year}"}
        attributes = [{"key": key, "value": {"stringValue": value}} for key, value in told.items()]
        return {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": "x", "kind": 2,
                "attributes": attributes, "startTimeUnixNano": "1700000000000000000",
                "endTimeUnixNano": "1700000000001000000"}  # fmt: skip

    spans = [span(number, 1990 + number) for number in range(1, 6)]
    document = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": spans}]}]}
    (tmp_path / "traces.json").write_text(json.dumps(document))
    with running(FLASK, tmp_path) as (url, _):
        told, _ = introduced(capsys, url, "--traces", "traces.json")
        assert became(told)["GET /charts/{year}"] == "journey"
        accepted(capsys)


def test_what_changes_something_is_sent_only_where_it_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = {
        "startedDateTime": "2026-01-01T10:00:00.000Z",
        "time": 5,
        "request": {"method": "POST", "url": "URL/songs", "headers": [], "queryString": [], "cookies": [],
                    "postData": {"mimeType": "application/json", "text": "{\"name\": \"a song\"}"}},
        "response": {"status": 201, "headers": [], "cookies": [],
                     "content": {"mimeType": "application/json", "text": "{\"id\": 31}"}},
    }  # fmt: skip
    with running(FLASK, tmp_path) as (url, seen):
        har = json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": [entry]}}).replace("URL", url)
        (tmp_path / "visit.har").write_text(har)
        introduced(capsys, url, "--har", "visit.har")
        assert sent(seen) <= set(SAFE)
        introduced(capsys, url, "--har", "visit.har", "--allow-unsafe", "--force")
        assert "POST" in sent(seen)
