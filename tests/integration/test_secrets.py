"""What was planted in headers, queries, literals, cookies, messages and a DSN is found nowhere in archive or report."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from tests.integration.observing import Observed, observed
from tests.throwaway import free_port, postgres

PLANTED = {
    "header": "sk-live-4f9a8b7c6d5e",
    "query": "alice.planted@example.com",
    "literal": "Planted O''Hara".replace("''", ""),
    "cookie": "planted-session-7781",
    "message": "planted-message-9912",
    "dsn": "planted-dsn-pass",
    "body": "planted-body-5150",
}

SERVICE = """
import os, sqlite3, sys
import psycopg
from flask import Flask, make_response, request

app = Flask(__name__)
lite = sqlite3.connect(":memory:", check_same_thread=False)
lite.execute("CREATE TABLE person (name TEXT, mail TEXT)")
database = psycopg.connect(os.environ["SHOP_DSN"], autocommit=True)
database.execute("CREATE TABLE IF NOT EXISTS person (name TEXT, mail TEXT)")

@app.get("/people")
def people():
    mail = request.args["mail"]
    lite.execute("SELECT * FROM person WHERE name = '" + os.environ["LITERAL"] + "' AND mail = ?", (mail,)).fetchall()
    database.execute("SELECT * FROM person WHERE name = '" + os.environ["LITERAL"] + "' AND mail = %s", (mail,))
    reply = make_response("ok")
    reply.set_cookie("session", os.environ["COOKIE"])
    return reply

@app.post("/fails")
def fails():
    raise RuntimeError("no such person: " + os.environ["MESSAGE"] + " " + request.get_data(as_text=True))

app.run(port=int(sys.argv[1]), threaded=False)
"""

SPEC = """
[service]
url = "http://127.0.0.1:{port}"
start = "python service.py {port}"

[[journey]]
name = "look"
[[journey.step]]
name = "people"
get = "/people?mail={{env.MAIL}}&page={{int(1, 3)}}"
headers = {{ authorization = "Bearer {{env.TOKEN}}", cookie = "session={{env.COOKIE}}", x-custom = "{{env.TOKEN}}" }}
[[journey.step]]
name = "fails"
post = "/fails"
body = "{{env.BODY}}"
check.status = 500

[shape.steady]
rate = "10/s"
duration = "3s"
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """A service that handles secrets carelessly, driven and observed."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "service.py").write_text(SERVICE)
    (folder / "loadstone.toml").write_text(SPEC.format(port=free_port()))
    with postgres(counting=True) as server:
        dsn = f"postgresql://{server.user}:{PLANTED['dsn']}@/postgres?host={server.folder}"
        env = {
            "SHOP_DSN": dsn,
            "TOKEN": PLANTED["header"],
            "MAIL": PLANTED["query"],
            "LITERAL": PLANTED["literal"],
            "COOKIE": PLANTED["cookie"],
            "MESSAGE": PLANTED["message"],
            "BODY": PLANTED["body"],
        }
        return observed(folder, "--dsn", dsn, env=env)


def _contents(folder: Path) -> list[tuple[Path, bytes]]:
    """Every file of the archive but what the service itself wrote; Parquet's pages as they were before compression."""
    import duckdb

    found = []
    for path in sorted((folder / ".loadstone").rglob("*")):
        if not path.is_file() or path.name == "service.log":
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            rows = duckdb.connect().execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
            content += repr(rows).encode()
        found.append((path, content))
    return found


@pytest.mark.parametrize("kind", PLANTED)
def test_it_is_found_nowhere(watched: Observed, kind: str) -> None:
    secret = PLANTED[kind]
    spelled = {secret, secret.replace("@", "%40"), secret.encode().hex()}
    contents = _contents(watched.folder)
    assert len(contents) > 15
    found = [(path.name, text) for path, content in contents for text in spelled if text.encode() in content]
    assert found == []


def test_the_evidence_is_there_all_the_same(watched: Observed) -> None:
    """Masked, not missing: the statements, the query's name, the failures."""
    text = repr([content for _, content in _contents(watched.folder)])
    assert "WHERE name = ? AND mail = ?" in text
    assert "mail=#" in text
    assert "RuntimeError" in text
    assert watched.evidence["rows"]["statements"] > 0
    assert watched.check("requests")["outcome"] == "pass"
    log = (watched.folder / ".loadstone" / "runs" / watched.evidence["run"] / "service.log").read_text()
    assert PLANTED["message"] in log, "the service did handle them"


def test_the_report_holds_none_of_them(watched: Observed) -> None:
    for report in (watched.folder / ".loadstone").rglob("report.html"):
        content = report.read_text()
        assert len(zlib.compress(content.encode())) > 10_000
        assert [secret for secret in PLANTED.values() if secret in content] == []
    assert os.environ.get("TOKEN") is None
