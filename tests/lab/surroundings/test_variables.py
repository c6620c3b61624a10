"""What variables name, in the spellings that services have, and never the secret in them."""

from __future__ import annotations

import string
from collections.abc import Mapping
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.lab.surroundings.dotenv import parse_dotenv
from loadstone.lab.surroundings.interpolation import interpolated, variables_in
from loadstone.lab.surroundings.systems import by_image, by_port, by_program, by_scheme, by_socket
from loadstone.lab.surroundings.variables import named
from loadstone.model.discovery import Database


def told(environ: Mapping[str, str]) -> list[tuple[str, str, int | None, str]]:
    return [
        (one.what.system, one.what.host, one.what.port, one.what.name)
        if isinstance(one.what, Database)
        else (one.what.what, one.what.host, one.what.port, "")
        for one in named(environ)
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_URL", "postgres://u:p@db/shop", ("postgresql", "db", 5432, "shop")),
        ("DATABASE_URL", "postgresql+asyncpg://u:p@db:5433/shop?ssl=true", ("postgresql", "db", 5433, "shop")),
        (
            "SQLALCHEMY_DATABASE_URI",
            "postgresql+psycopg2://u@/shop?host=/run/pg",
            ("postgresql", "/run/pg", 5432, "shop"),
        ),
        ("DATABASE_URL", "postgres://[::1]:5432/shop", ("postgresql", "::1", 5432, "shop")),
        ("DSN", "host=db port=6000 dbname='shop' password='a b'", ("postgresql", "db", 6000, "shop")),
        ("JDBC", "jdbc:mysql://db:3307/shop?user=a", ("mysql", "db", 3307, "shop")),
        ("DB", "mysql2://u:p@db/shop", ("mysql", "db", 3306, "shop")),
        ("DB", "sqlite:////var/lib/shop.db", ("sqlite", "", None, "/var/lib/shop.db")),
        ("DB", "sqlite+aiosqlite:///shop.db", ("sqlite", "", None, "shop.db")),
        ("MONGO_URL", "mongodb+srv://u:p@cluster.example/shop", ("mongodb", "cluster.example", 27017, "shop")),
        ("DATABASE_URL", "postgres://u:p@one:5432,two:5433/shop", ("postgresql", "", 5432, "")),
        ("CACHE", "rediss://:secret@cache:6380/0", ("redis", "cache", 6380, "")),
        ("CELERY_BROKER_URL", "amqp://guest:guest@mq//", ("rabbitmq", "mq", 5672, "")),
        ("PAYMENT_URL", "https://pay.example/v1", ("http", "pay.example", 443, "")),
        ("SEARCH_ENDPOINT", "http://search:8080", ("http", "search", 8080, "")),
    ],
)
def test_addresses(name: str, value: str, expected: tuple[str, str, int | None, str]) -> None:
    assert told({name: value}) == [expected]


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
        {"HTTPS_PROXY": "http://proxy:3128", "PIP_INDEX_URL": "https://x.example/simple"},
        {"BASE_URL": "https://shop.example", "npm_config_registry": "https://x.example/"},
        {"SCHEMA": "https://json-schema.org/draft"},
        {"DB_HOST": "db"},  # of what system?
        {"PATH": "/usr/bin", "DATABASE_URL": "", "X": "http://", "Y": "a" * 5000},
        {"DATABASE_HOST": "postgres://db/shop"},
    ],
)
def test_what_is_none_is_left(environ: Mapping[str, str]) -> None:
    assert [one for one in told(environ) if one[0] != "postgresql" or environ.keys() != {"DATABASE_HOST"}] == []


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"PGHOST": "db", "PGDATABASE": "shop", "PGUSER": "u"}, ("postgresql", "db", 5432, "shop")),
        ({"POSTGRES_SERVER": "db:5433", "POSTGRES_DB": "shop"}, ("postgresql", "db", 5433, "shop")),
        ({"DB_CONNECTION": "pgsql", "DB_HOST": "db", "DB_DATABASE": "shop"}, ("postgresql", "db", 5432, "shop")),
        ({"SQL_ENGINE": "django.db.backends.mysql", "SQL_HOST": "db"}, ("mysql", "db", 3306, "")),
        ({"DATABASE_HOST": "db", "DATABASE_PORT": "3306", "DATABASE_NAME": "x"}, ("mysql", "db", 3306, "x")),
        ({"REDIS_HOST": "cache", "REDIS_PORT": "6390", "REDIS_PASSWORD": "x"}, ("redis", "cache", 6390, "")),
        ({"RABBITMQ_HOST": "mq"}, ("rabbitmq", "mq", 5672, "")),
    ],
)
def test_groups(environ: Mapping[str, str], expected: tuple[str, str, int, str]) -> None:
    assert told(environ) == [expected]


def test_a_group_that_says_what_an_address_says_is_told_once() -> None:
    environ = {"DATABASE_URL": "postgres://u:p@db/shop", "POSTGRES_HOST": "db", "POSTGRES_PASSWORD": "p"}
    assert told(environ) == [("postgresql", "db", 5432, "shop")]


def test_libpqs_own_variables_need_no_template() -> None:
    (one,) = named({"PGHOST": "db", "PGPASSWORD": "hunter2"})
    assert isinstance(one.what, Database)
    assert one.what.dsn == "postgresql://"


SECRETS = st.text(alphabet=string.ascii_letters + string.digits + "/@:?#%&$ '\"", min_size=8, max_size=20).filter(
    lambda text: len(set(text)) > 4
)


@given(SECRETS, st.sampled_from(["postgres", "postgresql+asyncpg", "mysql", "redis", "amqp", "mongodb", "https"]))
def test_a_password_is_never_told(secret: str, scheme: str) -> None:
    marked = f"qZ{secret}Zq"
    environ = {
        "A_URL": f"{scheme}://user:{quote(marked, safe='')}@host.example:1234/name",
        "B_URL": f"{scheme}://user:{marked}@host.example/name",  # not quoted, as people write it
        "DSN": f"host=a dbname=b password='{marked}'",
        "DB_HOST": "h",
        "DB_ENGINE": "postgresql",
        "DB_PASSWORD": marked,
        "POSTGRES_HOST": "p",
        "POSTGRES_PASSWORD": marked,
    }
    for one in named(environ):
        words = msgspec.json.encode(one.what).decode()
        assert "qZ" not in words, words
        assert "Zq" not in words, words
        assert secret not in words, words


def test_images_programs_sockets_and_schemes() -> None:
    assert by_image("docker.io/bitnami/postgresql:16@sha256:abc") == "postgresql"
    assert by_image("localhost:5000/postgres") == "postgresql"
    assert by_image("mcr.microsoft.com/mssql/server:2022-latest") == "microsoft.sql_server"
    assert by_image("nginx:alpine") == "proxy"
    assert by_image("ghcr.io/me/postgres-backup") is None
    assert by_program("/usr/lib/postgresql/15/bin/postgres -D /data") == "postgresql"
    assert by_program("postgres: shop shop 127.0.0.1(5000) idle") == "postgresql"
    assert by_program("java -Xmx1G -cp x kafka.Kafka server.properties") == "kafka"
    assert by_program("python -m postgres") is None
    assert by_socket("/run/postgresql/.s.PGSQL.5433") == ("postgresql", "/run/postgresql", 5433)
    assert by_socket("/run/mysqld/mysqld.sock") == ("mysql", "/run/mysqld/mysqld.sock", None)
    assert by_socket("/run/user/0/bus") is None
    assert by_scheme("POSTGRESQL+psycopg") == "postgresql"
    assert by_scheme("gopher") is None
    assert [by_port(port) for port in (5432, 6432, 27017, 443, 9000, 8123)] == [
        *("postgresql", "postgresql", "mongodb", "http", None, None),
    ]


def test_a_dotenv_file() -> None:
    text = """
# a comment
export A=1
B = two words # and a comment
C="a\\nb # c"
D='$HOME'
E=
not a line
F: yaml style
"""
    assert parse_dotenv(text) == {
        "A": "1",
        "B": "two words",
        "C": "a\nb # c",
        "D": "$HOME",
        "E": "",
        "F": "yaml style",
    }


VARIABLES = {"SET": "value", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${SET}", "value"),
        ("$SET-x", "value-x"),
        ("${EMPTY:-default}", "default"),
        ("${EMPTY-default}", ""),
        ("${NONE-default}", "default"),
        ("${NONE:-${EMPTY:-${SET}}}", "value"),
        ("${SET:+there}${NONE:+not}", "there"),
        ("${EMPTY+there}", "there"),
        ("${NONE:?must be set}", ""),
        ("$$SET and $${SET}", "$SET and ${SET}"),
        ("$", "$"),
        ("${SET", "${SET"),
        ("a${NONE}b", "ab"),
    ],
)
def test_interpolation(text: str, expected: str) -> None:
    """The Compose specification, 12-interpolation."""
    assert interpolated(text, VARIABLES) == expected


@given(st.text(alphabet="${}:-?+AB_", max_size=40))
def test_interpolation_of_anything_ends(text: str) -> None:
    interpolated(text, {"A": "x"})
    variables_in(text)
