"""A service's surroundings are found by real connections, and told without a password."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from loadstone.gather.postgres.probe import probe
from loadstone.lab.surroundings import Surroundings, look
from loadstone.model.discovery import Database, Dependency
from loadstone.model.evidence import Missing
from tests.throwaway import Postgres, free_port, postgres, redis

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sockets are read from /proc")

SECRET = "hunter2-of-the-test"


@contextmanager
def process(code: str, *words: str, env: dict[str, str] | None = None) -> Iterator[int]:
    """A Python process that has run ``code`` and waits."""
    script = f"import sys\n{code}\nprint('up', flush=True)\nsys.stdin.read()\n"
    with subprocess.Popen(
        [sys.executable, "-c", script, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    ) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        assert running.stdout.readline() == "up\n"
        yield running.pid
        with suppress(BrokenPipeError):
            running.stdin.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as found:
        yield found


def assert_no_secret(found: Surroundings) -> None:
    assert SECRET not in msgspec.json.encode(found).decode()
    assert SECRET not in repr(found)


def test_a_connection_to_a_socket_of_postgresql_is_seen(cluster: Postgres) -> None:
    with process("import psycopg; connection = psycopg.connect(sys.argv[1])", cluster.dsn) as pid:
        found = look([pid], environ={})
    assert found.databases == (Database("postgresql", "an open connection", str(cluster.folder), 5432),)


@pytest.mark.optional("Redis's server program is not installed everywhere")
def test_a_service_is_looked_at_whole(cluster: Postgres, tmp_path: Path) -> None:
    code = """
import psycopg, redis, os, sqlite3
connection = psycopg.connect(os.environ["DATABASE_URL"])
cache = redis.Redis(port=int(os.environ["REDIS_PORT"])); cache.ping()
file = sqlite3.connect("shop.db"); file.execute("create table t (x)"); file.commit(); file.execute("begin immediate")
"""
    with redis() as port:
        environ = {"DATABASE_URL": cluster.dsn, "REDIS_HOST": "localhost", "REDIS_PORT": str(port)}
        with process(f"import os; os.chdir({str(tmp_path)!r}){code}", env=environ) as pid:
            found = look([pid], probe=probe, folder=tmp_path)
    assert [(one.system, one.dsn_env, one.readable) for one in found.databases] == [
        ("postgresql", "DATABASE_URL", True),
        ("sqlite", None, True),
    ]
    (database, file) = found.databases
    assert database.found_by == "DATABASE_URL, an open connection"
    assert database.dsn == "{env.DATABASE_URL}"
    assert database.name == "postgres"
    assert "pg_stat_statements" in (database.problem or ""), "what it would not tell, and the way to it"
    assert file.name == str(tmp_path / "shop.db")
    assert found.dependencies == (Dependency("redis", "REDIS_HOST, an open connection", "localhost", port),)
    assert any("DATABASE_URL is set in the service and not here" in note for note in found.notes)


@contextmanager
def listening(host: str = "127.0.0.1") -> Iterator[int]:
    """Somebody who takes connections, and is no database."""
    with socket.create_server((host, 0)) as server:
        held = []

        def take() -> None:
            with suppress(OSError):
                while True:
                    held.append(server.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        yield server.getsockname()[1]
        for each in held:
            each.close()


CONNECTED = "import socket; held = [socket.create_connection(('127.0.0.1', int(port))) for port in sys.argv[1:]]"


def test_who_connects_to_the_service_is_no_dependency() -> None:
    code = """
import socket
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
client = socket.create_connection(server.getsockname())
peer, _ = server.accept()
"""
    port = free_port()
    with process(code, str(port)) as pid, socket.create_connection(("127.0.0.1", port)):
        found = look([pid], environ={})
    assert (*found.databases, *found.dependencies) == ()


def test_what_it_sends_to_loadstone_is_no_dependency_and_what_it_sends_elsewhere_is() -> None:
    serve = "import socket; server = socket.create_server(('127.0.0.1', int(sys.argv[1])))"
    there = free_port()
    with listening() as here, process(serve, str(there)), process(CONNECTED, str(here), str(there)) as pid:
        found = look([pid], environ={})
    assert found.dependencies == (Dependency("tcp", "an open connection", "127.0.0.1", there),)


def test_a_server_at_another_port_is_known_by_its_program(tmp_path: Path) -> None:
    program = tmp_path / "memcached"
    program.symlink_to(sys.executable)
    port = free_port()
    code = f"import socket; s = socket.create_server(('127.0.0.1', {port})); print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [str(program), "-c", "import sys; " + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        assert server.stdout.readline() == b"up\n"
        with process(CONNECTED, str(port)) as pid:
            found = look([pid], environ={})
        server.stdin.close()
    assert found.dependencies == (Dependency("memcached", "an open connection", "127.0.0.1", port),)


def test_the_frameworks_word_joins_the_others(cluster: Postgres) -> None:
    told = Database("postgresql", "Django's settings, DATABASES['default']", "localhost", 5432, "shop")
    environ = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_DB": "shop", "POSTGRES_USER": "me", "POSTGRES_PASSWORD": SECRET}
    found = look([], environ=environ, told=[told])
    assert_no_secret(found)
    (one,) = found.databases
    assert one.found_by == "Django's settings, DATABASES['default'], POSTGRES_HOST"
    assert one.dsn == "postgresql://{env.POSTGRES_USER}:{env.POSTGRES_PASSWORD}@127.0.0.1:5432/shop"


def test_a_database_that_may_not_be_read_says_why_and_no_password(cluster: Postgres) -> None:
    port = free_port()
    dsn = f"postgresql://me:{SECRET}@127.0.0.1:{port}/shop"
    found = look([], environ={"DATABASE_URL": dsn}, probe=probe)
    assert_no_secret(found)
    (one,) = found.databases
    assert one.readable is False
    assert "no connection" in (one.problem or "")
    assert (one.host, one.port, one.name) == ("127.0.0.1", port, "shop")


def test_the_probe_gets_the_address_and_the_result_does_not() -> None:
    asked: list[str] = []

    def ask(address: str) -> Sequence[Missing]:
        asked.append(address)
        return ()

    environ = {"DB_ENGINE": "django.db.backends.postgresql", "DB_HOST": "db", "DB_USER": "a b", "DB_PASSWORD": "x/y@z"}
    found = look([], environ=environ, probe=ask)
    assert asked == ["postgresql://a%20b:x%2Fy%40z@db:5432/"]
    assert found.databases[0].readable is True
    assert found.databases[0].problem is None
    assert "x/y@z" not in repr(found)


@pytest.mark.parametrize(
    ("template", "kept"),
    [
        ("{env.DATABASE_URL}", "{env.DATABASE_URL}"),
        ("postgresql://me:{env.PASSWORD}@db/shop", "postgresql://me:{env.PASSWORD}@db/shop"),
        (f"postgresql://me:{SECRET}@db/shop", None),
        (f"host=db dbname=shop password={SECRET}", None),
    ],
)
def test_a_dsn_that_was_typed_is_kept_without_its_password(template: str, kept: str | None) -> None:
    found = look([], environ={}, dsn=(template, f"postgresql://me:{SECRET}@db:5432/shop"), probe=lambda _: ())
    assert_no_secret(found)
    (one,) = found.databases
    assert (one.dsn, one.host, one.name, one.readable) == (kept, "db", "shop", True)


def test_a_dotenv_file_is_read_and_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DATABASE_URL='postgres://me:{SECRET}@db/shop'\nAPI_URL=https://api.example/v1\n")
    found = look([], environ={}, folder=tmp_path)
    assert_no_secret(found)
    assert [one.found_by for one in found.databases] == ["DATABASE_URL in .env"]
    assert found.dependencies == (Dependency("http", "API_URL in .env", "api.example", 443),)
    assert any("set -a" in note for note in found.notes)


def test_a_process_that_has_ended_is_no_error() -> None:
    assert json.loads(msgspec.json.encode(look([2**22 + 1])))["databases"] == []


def test_where_a_process_works_its_files_are_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REDIS_URL=redis://cache.example/0\n")
    (tmp_path / "compose.yml").write_text("services: {db: {image: 'postgres:16', ports: ['5439:5432']}}")
    with process(f"import os; os.chdir({str(tmp_path)!r})") as pid:
        found = look([pid], environ={})
    assert found.dependencies == (Dependency("redis", "REDIS_URL in .env", "cache.example", 6379),)
    assert [(one.found_by, one.port) for one in found.databases] == [("db in compose.yml", 5439)]
