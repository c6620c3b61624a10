"""Compose files as the Compose specification writes them: the service that answers, its URL, its database."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadstone.errors import SpecError
from loadstone.lab.surroundings import Compose, compose_services, find_compose, look
from loadstone.lab.surroundings.compose_file import Port
from loadstone.model.discovery import Database, Dependency

SECRET = "hunter2-of-the-test"


def read(folder: Path, text: str, **files: str) -> Compose:
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    (folder / "compose.yaml").write_text(text)
    found = compose_services(folder / "compose.yaml", {})
    assert SECRET not in repr(found)
    return found


SHOP = f"""
name: shop
x-env: &env
  DATABASE_URL: postgres://shop:${{DB_PASSWORD:-{SECRET}}}@db:5432/shop
  REDIS_URL: redis://cache:6379/0
services:
  worker:
    build: .
    command: [celery, -A, shop, worker]
    environment: *env
  web:
    build: .
    command: gunicorn shop.wsgi --bind 0.0.0.0:8000
    ports: ["${{WEB_PORT:-8080}}:8000"]
    environment:
      <<: *env
      DEBUG: false
    depends_on:
      db: {{condition: service_healthy}}
    healthcheck: {{test: ["CMD", "curl", "-f", "http://localhost:8000/health"]}}
  db:
    image: postgres:16-alpine
    ports: ["127.0.0.1:5433:5432"]
    environment: [POSTGRES_USER=shop, "POSTGRES_PASSWORD=${{DB_PASSWORD:-{SECRET}}}", POSTGRES_DB=shop]
    volumes: [data:/var/lib/postgresql/data]
  cache:
    image: redis:7
    expose: [6379]
volumes: {{data: }}
"""


def test_a_web_service_with_its_database(tmp_path: Path) -> None:
    found = read(tmp_path, SHOP)
    assert (found.web, found.url) == ("web", "http://127.0.0.1:8080")
    assert found.databases == (
        Database(
            "postgresql", "DATABASE_URL of web in compose.yaml", "127.0.0.1", 5433, "shop",
            dsn="postgresql://shop:{env.DB_PASSWORD}@127.0.0.1:5433/shop",
        ),
    )  # fmt: skip
    assert found.dependencies == (Dependency("redis", "REDIS_URL of web in compose.yaml", "cache", 6379),)
    web = next(one for one in found.services if one.name == "web")
    assert web.variables == ("DATABASE_URL", "DEBUG", "REDIS_URL")
    assert web.depends_on == ("db",)
    assert web.healthcheck == "CMD curl -f http://localhost:8000/health"
    assert [one.system for one in found.services] == ["", "", "postgresql", "redis"]


def test_a_proxy_before_it_and_a_database_that_is_not_published(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        f"""
services:
  app:
    image: registry.example/shop:latest
    env_file: [app.env]
    expose: ["8000"]
  front:
    image: nginx:alpine
    ports:
      - {{target: 443, published: "8443"}}
      - {{target: 80, published: 8081, host_ip: 127.0.0.1, protocol: tcp}}
    depends_on: [app]
  pg:
    image: postgis/postgis:16-3.4
    environment: {{POSTGRES_PASSWORD: {SECRET}, POSTGRES_DB: geo}}
""",
        app__env=f"POSTGRES_HOST=pg\nPOSTGRES_DB=geo\nPOSTGRES_USER=me\nPOSTGRES_PASSWORD={SECRET}\n",
    )
    assert (found.web, found.url) == ("front", "http://127.0.0.1:8081")
    assert any("front stands before the service" in note for note in found.notes)
    (one,) = found.databases
    assert (one.host, one.port, one.name) == ("pg", 5432, "geo")
    assert one.dsn == "postgresql://me:{env.POSTGRES_PASSWORD}@pg:5432/geo"
    assert 'ports: ["127.0.0.1:5432:5432"]' in (one.problem or "")


def test_a_database_that_nobody_names_is_told_by_its_image(tmp_path: Path) -> None:
    text = """
services:
  api: {build: ., ports: ["8000:8000"], depends_on: [db]}
  db: {image: "mariadb:11", ports: ["3307:3306"], environment: {MARIADB_DATABASE: shop}}
  queue: {image: "rabbitmq:3-management"}
"""
    found = read(tmp_path, text)
    assert found.databases == (Database("mysql", "db in compose.yaml", "127.0.0.1", 3307, "shop"),)
    assert found.dependencies == (Dependency("rabbitmq", "queue in compose.yaml", "queue", 5672),)


def test_extends_include_and_an_override(tmp_path: Path) -> None:
    (tmp_path / "base.yml").write_text(
        "services:\n  common: {build: ., environment: {A: '1', B: '2'}, ports: ['8000']}\n  bare: {extends: common}\n"
    )
    (tmp_path / "more.yaml").write_text("services: {mail: {image: 'axllent/mailpit'}}\n")
    (tmp_path / "compose.override.yaml").write_text("services: {web: {ports: !override ['9000:8000']}}\n")
    found = read(
        tmp_path,
        "include: [more.yaml]\nservices: {web: {extends: {file: base.yml, service: bare}, environment: {B: '3', C: }}}",
    )
    web = next(one for one in found.services if one.name == "web")
    assert web.build
    assert web.variables == ("A", "B", "C")
    assert found.url == "http://127.0.0.1:9000"
    assert "mail" in [one.name for one in found.services]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ('"8000"', [Port(8000)]),
        ("8000", [Port(8000)]),
        ("22:22", [Port(22, 22)]),  # not a number in base 60
        ('"127.0.0.1:8001:8001"', [Port(8001, 8001, "127.0.0.1")]),
        ('"127.0.0.1::8001"', [Port(8001, None, "127.0.0.1")]),
        ('"3000-3002:4000-4002"', [Port(4000, 3000), Port(4001, 3001), Port(4002, 3002)]),
        ('"49100:22/udp"', []),
        ('"[::1]:6001:6001"', [Port(6001, 6001, "::1")]),
        ("{target: 80, published: '8080', protocol: udp}", []),
        ("{target: 80}", [Port(80)]),
        ("nonsense", []),
        ("null", []),
    ],
)
def test_ports(told: str, expected: list[Port], tmp_path: Path) -> None:
    """The Compose specification, services, ports: short and long syntax."""
    found = read(tmp_path, f"services: {{web: {{build: ., ports: [{told}]}}}}")
    assert list(found.services[0].ports) == expected


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("{build: ., ports: ['8000']}", "docker compose port web 8000"),
        ("{build: .}", "publishes no port"),
        ("{build: ., network_mode: host}", "shares the machine's network"),
    ],
)
def test_a_port_that_is_not_published_is_told(service: str, words: str, tmp_path: Path) -> None:
    found = read(tmp_path, f"services: {{web: {service}}}")
    assert (found.web, found.url) == ("web", None)
    assert words in (found.problem or "")


def test_a_file_of_databases_alone_has_no_web_service(tmp_path: Path) -> None:
    found = read(tmp_path, "services: {db: {image: 'postgres:16', ports: ['5432:5432']}}")
    assert found.web is None
    assert found.databases[0].dsn == "postgresql://postgres@127.0.0.1:5432/"
    assert "name its URL" in (found.problem or "")


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "services: 7", "- x", "\x00", "services:\n  web: &a [*a]\n  x: !!python/object:os.system {}"],
)
def test_what_is_none_is_refused_or_read_as_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    try:
        assert compose_services(tmp_path / "compose.yaml", {}).url is None
    except SpecError as error:
        assert "compose.yaml" in str(error)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(SpecError, match="there is no compose file"):
        compose_services(Path("/nowhere/compose.yaml"))


def test_composes_own_order_of_names(tmp_path: Path) -> None:
    assert find_compose(tmp_path) is None
    for name in ("docker-compose.yml", "compose.yml", "compose.yaml"):
        (tmp_path / name).write_text("services: {}")
        assert find_compose(tmp_path) == tmp_path / name


def test_a_look_takes_the_compose_file_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(SHOP)
    found = look([], environ={}, folder=tmp_path)
    assert [one.name for one in found.databases] == ["shop"]
    assert SECRET not in msgspec.json.encode(found).decode()
    (tmp_path / "compose.yaml").write_text("a: [")
    assert any("was not read" in note for note in look([], environ={}, folder=tmp_path).notes)
    with pytest.raises(SpecError):
        look([], environ={}, compose=tmp_path / "compose.yaml")


def test_what_a_container_calls_its_database_is_the_published_one(tmp_path: Path) -> None:
    """Of one database speak the environment of the process, an open connection of its network, and the file."""
    (tmp_path / "compose.yaml").write_text(SHOP)
    environ = {"DATABASE_URL": f"postgres://shop:{SECRET}@db:5432/shop"}
    told = [Database("postgresql", "an open connection", "172.18.0.3", 5432)]
    found = look([], environ=environ, folder=tmp_path, told=told)
    (one,) = found.databases
    assert (one.host, one.port, one.name, one.dsn_env) == ("127.0.0.1", 5433, "shop", None)
    assert one.dsn == "postgresql://shop:{env.DB_PASSWORD}@127.0.0.1:5433/shop"
    assert one.found_by == "an open connection, DATABASE_URL, DATABASE_URL of web in compose.yaml"
    assert SECRET not in repr(found)


SCALARS = st.none() | st.booleans() | st.integers(-5, 70_000) | st.text(alphabet="ab8:0-/${}=.", max_size=12)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abimage", max_size=5), inner, max_size=3),
)
SERVICE = st.dictionaries(
    st.sampled_from(
        [
            *("image", "build", "ports", "environment", "env_file", "depends_on", "healthcheck", "command", "profiles"),
            *("extends", "networks", "network_mode", "container_name", "hostname"),
        ]
    ),
    ANYTHING | st.just(["8000:80"]) | st.just("postgres:16") | st.just({"DATABASE_URL": "postgres://a:b@c:1/d"}),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(services=st.dictionaries(st.sampled_from(["web", "db", "c"]), SERVICE | ANYTHING, max_size=3), more=ANYTHING)
def test_whatever_stands_in_a_file_is_read_or_refused(services: object, more: object, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(yaml.safe_dump({"services": services, "include": more, "name": more}))
    try:
        compose_services(path, {})
    except SpecError as error:
        assert "compose" in str(error)
