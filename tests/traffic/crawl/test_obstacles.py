"""What was met, in one sentence, and what to do, in one: by words of servers, kernels and libraries."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.profile.processes import why_not_ptrace
from loadstone.model.discovery import Obstacle
from loadstone.model.workload import Step
from loadstone.spec import load
from loadstone.traffic.crawl.obstacles import (
    CODES,
    Met,
    obstacle_of_database,
    obstacle_of_failure,
    obstacle_of_profiler,
    obstacle_of_reply,
    obstacles_of,
)
from loadstone.traffic.crawl.obstacles.met import host_of, is_entrance, is_html, path_of, place_of, scheme_of
from loadstone.traffic.crawl.obstacles.several import FAILURES
from tests.throwaway import Postgres, free_port, postgres

ROOT = Path(__file__).parents[3]
REFUSALS = ROOT / "loadstone/model/database_refusal.py"
URL = "http://shop.example:8000"


def well_told(obstacle: Obstacle) -> None:
    """One sentence each; an address or a command may end what is to be done."""
    for text in (obstacle.sentence, obstacle.advice):
        assert text and text == text.strip() and "\n" not in text
        assert len(text) < 300
    assert obstacle.sentence.endswith(".")
    assert ". " not in obstacle.sentence.replace("e.g. ", "")


@given(
    st.sampled_from(FAILURES),
    st.text(max_size=60),
    st.binary(max_size=40),
    st.sampled_from([URL, "https://h", "http://[::1]:1"]),
)
def test_every_failure_has_its_sentence(kind: str, message: str, greeting: bytes, url: str) -> None:
    obstacle = obstacle_of_failure(url, kind, message, greeting)
    well_told(obstacle)
    assert obstacle.fatal


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["location", "retry-after", "www-authenticate", "content-type", "server", "x-ratelimit-limit"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    ),
    max_size=4,
)


@given(
    st.integers(100, 599), HEADERS, st.text(max_size=60), st.booleans(), st.booleans(), st.sampled_from(["GET", "POST"])
)
def test_no_reply_breaks_it(
    status: int, headers: list[tuple[str, str]], body: str, error: bool, json: bool, method: str
) -> None:
    met = Met("/x", method, status=status, headers=tuple(headers), body=body, error=error, json=json)
    obstacle = obstacle_of_reply(URL, met)
    if obstacle is not None:
        well_told(obstacle)
    for one in obstacles_of(URL, [met, met, Met("/y", status=200)]):
        well_told(one)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("invalid peer certificate: UnknownIssuer", "certificate-unknown"),
        ("invalid peer certificate: CaUsedAsEndEntity", "certificate-unknown"),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:992)",
            "certificate-unknown",
        ),
        ("certificate verify failed: unable to get local issuer certificate", "certificate-unknown"),
        ("invalid peer certificate: Expired", "certificate-expired"),
        ("invalid peer certificate: certificate expired: verification time 1 (UNIX)", "certificate-expired"),
        ("invalid peer certificate: NotValidYet", "certificate-expired"),
        ("certificate verify failed: certificate has expired", "certificate-expired"),
        ('invalid peer certificate: certificate not valid for name "h"', "certificate-name"),
        ("invalid peer certificate: NotValidForName", "certificate-name"),
        ("Hostname mismatch, certificate is not valid for 'h'", "certificate-name"),
        ("received corrupt message of type InvalidContentType", "not-tls"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "not-tls"),
        ("[SSL: RECORD_LAYER_FAILURE] record layer failure", "not-tls"),
        ("received fatal alert: HandshakeFailure", "tls-failed"),
    ],
)
def test_words_of_tls(message: str, code: str) -> None:
    assert obstacle_of_failure("https://h", "tls", message).code == code


@pytest.mark.parametrize(
    ("kind", "message", "code"),
    [
        ("connect", "Connection refused (os error 111)", "not-up"),
        ("connect", "connection timed out", "timeout"),
        ("connect", "No route to host (os error 113)", "no-route"),
        ("connect", "Network is unreachable (os error 101)", "no-route"),
        ("dns", "failed to lookup address information", "name-unknown"),
        ("timeout", "no reply within 10 s", "timeout"),
        ("reset", "the server closed the connection without a reply", "no-http"),
        ("protocol", "not an HTTP response", "no-http"),
    ],
)
def test_words_of_connections(kind: str, message: str, code: str) -> None:
    assert obstacle_of_failure(URL, kind, message).code == code


def reply(status: int, *, body: str = "", method: str = "GET", target: str = "/x", **headers: str) -> str | None:
    names = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    found = obstacle_of_reply(URL, Met(target, method, status=status, headers=names, body=body))
    return None if found is None else found.code


def test_redirects() -> None:
    assert reply(302, location="/login?next=/x") == "login-page"
    assert reply(303, location="http://shop.example:8000/users/sign_in") == "login-page"
    assert reply(302, location="https://sso.example/oauth/authorize?client_id=1") == "login-page"
    assert reply(302, location="/x/") is None
    assert reply(302, location="login", target="/logout", method="POST") is None
    assert reply(302, location="/login/", target="/login") is None
    assert reply(302, location="/login", target="/login", method="POST") == "login-refused"
    assert reply(301, location="https://shop.example/x") == "to-https"
    assert reply(301, location="http://other.example/x") == "other-host"
    assert reply(301, location="http://shop.example:8000/y") is None
    assert reply(302, location="mailto:x") is None
    assert reply(302) == "redirected"
    assert reply(304) is None


def test_logins_that_were_not_taken() -> None:
    form = "<form method=post><input type='password' name=p></form>"
    assert reply(401, method="POST", target="/login") == "login-refused"
    assert reply(400, method="POST", target="/api/auth/token", body='{"detail": "Incorrect"}') == "login-refused"
    assert reply(400, method="POST", target="/token", body='{"detail": "Incorrect"}') == "login-refused"
    assert reply(200, method="POST", target="/authenticate", body=form) == "login-refused"
    assert reply(403, method="POST", target="/login", body="CSRF verification failed") == "csrf-refused"
    assert reply(401, method="GET", target="/login") == "login-needed"
    assert reply(200, method="GET", target="/login", body=form) is None
    assert reply(200, method="POST", target="/login", body="Welcome") is None
    assert obstacle_of_reply(URL, Met("/login", "POST", status=200, body=form, error=False)) is None


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, "<p>CSRF verification failed. Request aborted.</p>", "csrf-refused"),
        (400, "<p>The CSRF token is missing.</p>", "csrf-refused"),
        (400, "The CSRF tokens do not match.", "csrf-refused"),
        (419, "Page Expired", "csrf-refused"),
        (422, "ActionController::InvalidAuthenticityToken", "csrf-refused"),
        (403, "ForbiddenError: invalid csrf token", "csrf-refused"),
        (400, "DisallowedHost at /", "host-refused"),
        (403, "Blocked hosts: shop.example:8000", "host-refused"),
        (400, "Invalid host header", "host-refused"),
        (400, "<html><h1>Bad Request (400)</h1></html>", "host-refused"),
        (403, "Blocked request. This host is not allowed.", "host-refused"),
        (400, "<center>The plain HTTP request was sent to HTTPS port</center>", "speaks-tls"),
        (400, "Client sent an HTTP request to an HTTPS server.", "speaks-tls"),
        (400, "name is missing", None),
        (404, "", None),
        (405, "", None),
        (418, "", None),
        (502, "<center>nginx</center>", "gateway"),
        (503, "no healthy upstream", "gateway"),
        (503, "<h1>503 Service Unavailable</h1>\nNo server is available to handle this request.", "gateway"),
        (503, "busy", "failing"),
        (504, "", "gateway"),
        (522, "", "gateway"),
        (500, "", "failing"),
    ],
)
def test_refusals(status: int, body: str, code: str | None) -> None:
    assert reply(status, body=body) == code


def test_a_limit_tells_what_it_said() -> None:
    met = Met("/x", status=429, headers=(("retry-after", "12"), ("ratelimit-limit", "100, 100;w=60")))
    obstacle = obstacle_of_reply(URL, met)
    assert obstacle is not None
    assert "100, 100;w=60 allowed; try again in 12 s" in obstacle.sentence


def test_one_obstacle_is_told_once_with_how_many_met_it() -> None:
    met = [Met("/a", status=401), Met("/b", status=401, count=3), Met("/c", status=200)]
    (told,) = obstacles_of(URL, met)
    assert told.sentence == "GET /a asks for a login (401); 4 of 5 requests met this."
    (told,) = obstacles_of(URL, met[:2])
    assert told.sentence == "GET /a asks for a login (401); all 4 requests met this."


def test_where_nothing_answered_it_is_one_obstacle() -> None:
    met = [Met("/a", failure="connect", message="refused", count=9), Met("/b", failure="reset")]
    (told,) = obstacles_of(URL, met)
    assert told.code == "not-up"
    assert obstacles_of(URL, [*met, Met("/c", status=200)]) == ()
    assert obstacles_of(URL, []) == ()


def test_a_path_that_is_known_makes_the_others_404_data() -> None:
    assert [one.code for one in obstacles_of(URL, [Met("/a", status=404), Met("/b", status=404)])] == ["not-found"]
    assert obstacles_of(URL, [Met("/a", status=404), Met("/b", status=200)]) == ()
    assert obstacles_of(URL, [Met("/a", status=404, error=False)]) == ()


@pytest.mark.parametrize(
    ("target", "entrance"),
    [("/login", True), ("/accounts/login/", True), ("/users/sign_in", True), ("/wp-login.php", True), ("/signin", True),
     ("/oauth/authorize", True), ("/auth", True), ("/session/new", True), ("http://h/login?x", True),
     ("/blogindex", False),
     ("/authors", False), ("/catalogin", False), ("/", False), ("/x?next=/login", False)],
)  # fmt: skip
def test_entrances(target: str, entrance: bool) -> None:
    assert is_entrance(target) is entrance


def test_addresses() -> None:
    assert scheme_of("HTTPS://H/x") == "https"
    assert (host_of("http://[::1]:80/"), host_of("http://u:p@h.example/x")) == ("::1", "h.example")
    assert place_of("https://h") == "h:443" and place_of("http://[::1]:81/x") == "[::1]:81"
    assert path_of("http://h/a/b?c#d") == "/a/b" and path_of("/a?b") == "/a" and path_of("http://h") == "/"
    assert is_html(Met("/", headers=(("content-type", "TEXT/HTML; charset=x"),)))
    assert is_html(Met("/", body=" <!-- c --> <!DOCTYPE html>")) and not is_html(Met("/", body="<svg>"))


def test_the_page_for_newcomers_knows_every_code_and_no_other() -> None:
    page = (ROOT / "docs/newcomer.md").read_text()
    assert tuple(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == CODES
    folder = ROOT / "loadstone/traffic/crawl"
    text = "".join(
        path.read_text() for path in [*folder.glob("*.py"), *(folder / "obstacles").glob("[!_]*.py"), REFUSALS]
    )
    made = set(re.findall(r'Obstacle\(\s*"([a-z-]+)"', text)) | set(
        re.findall(r'"((?:database|profile)-[a-z-]+)"', text)
    )
    assert made == set(CODES)


def test_the_login_on_the_page_is_a_spec(tmp_path: Path) -> None:
    (steps,) = re.findall(r"^```toml\n(.*?)^```$", (ROOT / "docs/newcomer.md").read_text(), re.MULTILINE | re.DOTALL)
    spec = tmp_path / "loadstone.toml"
    rest = '[service]\nurl = "http://127.0.0.1:1"\n[shape.x]\nrate = "1/s"\nduration = "1s"\n'
    spec.write_text(f'{rest}[[journey]]\nname = "order"\n{steps}')
    (journey,) = load(spec).workload.journeys
    assert [step.name for step in journey.actions if isinstance(step, Step)] == ["login page", "log in", "order"]


# -- databases


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Postgres, int]]:
    """A cluster that listens on TCP too, with a role that may not read and one that has a password."""
    port = free_port()
    with postgres(options=f"-c listen_addresses=127.0.0.1 -c port={port}") as cluster:
        setup = psycopg.connect(f"postgresql://{cluster.user}@127.0.0.1:{port}/postgres", autocommit=True)
        for statement in (
            "CREATE ROLE reader LOGIN",
            "CREATE ROLE secretive LOGIN PASSWORD 'right'",
            "CREATE SCHEMA shop",
            "CREATE TABLE shop.item (id int)",
            "CREATE TABLE open_item (id int)",
            "REVOKE ALL ON open_item FROM PUBLIC",
            "CREATE DATABASE closed",
            "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
        ):
            setup.execute(statement)
        hba = cluster.folder / "data" / "pg_hba.conf"
        rules = "host postgres secretive 127.0.0.1/32 scram-sha-256\nhost postgres barred 127.0.0.1/32 reject\n"
        hba.write_text(rules + hba.read_text() + "local all all peer\n")
        setup.execute("SELECT pg_reload_conf()")
        setup.execute("CREATE ROLE barred LOGIN")
        setup.close()
        yield cluster, port


def refused(dsn: str, statement: str = "SELECT 1") -> Obstacle:
    with pytest.raises(psycopg.Error) as caught, psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement.encode())
    obstacle = obstacle_of_database(str(caught.value), "DATABASE_URL")
    assert obstacle is not None, str(caught.value)
    well_told(obstacle)
    return obstacle


@pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")
@pytest.mark.parametrize(
    ("role", "database", "statement", "code", "words"),
    [
        ("reader", "postgres", "SELECT * FROM shop.item", "database-denied", "GRANT USAGE ON SCHEMA shop"),
        ("reader", "postgres", "SELECT * FROM open_item", "database-denied", "GRANT SELECT ON open_item"),
        ("reader", "closed", "SELECT 1", "database-denied", "GRANT CONNECT ON DATABASE closed"),
        ("secretive:wrong", "postgres", "SELECT 1", "database-password", "Correct the password in DATABASE_URL"),
        ("secretive", "postgres", "SELECT 1", "database-password", "DATABASE_URL"),
        ("nobody_here", "postgres", "SELECT 1", "database-role", "CREATE ROLE nobody_here"),
        ("reader", "no_such", "SELECT 1", "database-missing", "psql --list"),
        ("barred", "postgres", "SELECT 1", "database-hba", "pg_hba.conf"),
    ],
)
def test_postgresql_that_may_not_be_read(
    server: tuple[Postgres, int], role: str, database: str, statement: str, code: str, words: str
) -> None:
    obstacle = refused(f"postgresql://{role}@127.0.0.1:{server[1]}/{database}", statement)
    assert obstacle.code == code
    assert words in obstacle.advice
    assert "wrong" not in obstacle.sentence + obstacle.advice


def test_no_database_is_there() -> None:
    assert refused(f"postgresql://x@127.0.0.1:{free_port()}/y").code == "database-not-up"
    assert refused("postgresql://x@/y?host=/no/such/folder").code == "database-not-up"
    assert refused("postgresql://x@no-such-host.invalid/y").code == "database-name"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(1045, \"Access denied for user 'shop'@'localhost' (using password: YES)\")", "database-password"),
        ("(1044, \"Access denied for user 'x'@'%' to database 'y'\")", "database-denied"),
        ("(1049, \"Unknown database 'shop'\")", "database-missing"),
        ("(1142, \"SELECT command denied to user 'x'@'h' for table 'y'\")", "database-denied"),
        ("(1130, \"Host '10.0.0.1' is not allowed to connect to this MariaDB server\")", "database-hba"),
        (
            "(2003, \"Can't connect to MySQL server on '127.0.0.1' ([Errno 111] Connection refused)\")",
            "database-not-up",
        ),
        ("FATAL:  sorry, too many clients already", "database-full"),
        ("FATAL:  the database system is starting up", "database-starting"),
        ('FATAL:  Peer authentication failed for user "app"', "database-peer"),
        ("server does not support SSL, but SSL was required", "database-tls"),
        ("fe_sendauth: no password supplied", "database-password"),
        ("connection timeout expired", "database-timeout"),
        ("something else", None),
    ],
)
def test_words_of_databases(text: str, code: str | None) -> None:
    obstacle = obstacle_of_database(text, "SHOP_DSN")
    assert (obstacle and obstacle.code) == code
    if obstacle is not None:
        well_told(obstacle)


# -- profilers


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("process 12 belongs to another user", "profile-other-user"),
        ("kernel.yama.ptrace_scope is 1: a process may not look into one that it did not start", "profile-ptrace"),
        ("kernel.yama.ptrace_scope is 3: nobody may look into a process", "profile-ptrace"),
        ("run the container with --cap-add SYS_PTRACE", "profile-container"),
        ("kernel.perf_event_paranoid is 4", "profile-perf"),
        ("Permission Denied: Try running again with elevated permissions by going 'sudo env ...'", "profile-denied"),
        ("Error: Operation not permitted (os error 1)", "profile-denied"),
        ("Error: No such process (os error 3)", "profile-gone"),
        ("Error: Failed to find python version from target process", "profile-not-python"),
        ("something else", None),
    ],
)
def test_words_of_profilers(text: str, code: str | None) -> None:
    obstacle = obstacle_of_profiler(text)
    assert (obstacle and obstacle.code) == code
    if obstacle is not None:
        well_told(obstacle)


def test_the_kernels_own_refusals_are_known(tmp_path: Path) -> None:
    """What doctor says of a process, as a kernel with Yama would have it."""
    (tmp_path / "self").mkdir()
    (tmp_path / "self/status").write_text("CapEff:\t0000000000000000\n")
    (tmp_path / "7").mkdir()
    (tmp_path / "sys/kernel/yama").mkdir(parents=True)
    for scope in ("1", "3"):
        (tmp_path / "sys/kernel/yama/ptrace_scope").write_text(scope)
        refusal = why_not_ptrace(7, tmp_path)
        assert refusal is not None
        obstacle = obstacle_of_profiler(refusal[0])
        assert obstacle is not None and obstacle.code == "profile-ptrace"


@pytest.mark.optional(reason="only root can become somebody else, and py-spy must be readable for that user")
def test_py_spys_own_refusal_is_known() -> None:
    import os

    found = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if os.geteuid() != 0 or found is None:
        pytest.skip("not root, or py-spy is not installed")
    with Path(found).open("rb") as program:
        (copy := Path("/tmp") / f"loadstone-py-spy-{os.getpid()}").write_bytes(program.read())
    copy.chmod(0o755)
    try:
        words = [str(copy), "dump", "--pid", str(os.getpid())]
        done = subprocess.run(
            words, user="nobody", group="nogroup", extra_groups=[], cwd="/", capture_output=True, text=True
        )
    finally:
        copy.unlink()
    assert done.returncode != 0
    obstacle = obstacle_of_profiler(done.stderr + done.stdout)
    assert obstacle is not None, done.stderr
    assert obstacle.code == "profile-denied"
