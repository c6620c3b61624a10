"""A compose file's services, as the Compose specification writes them, with what extends and overrides them.

Values of variables are held for as long as it takes to find addresses in them, and are no part of what is told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from loadstone.errors import SpecError
from loadstone.lab.surroundings.dotenv import read_dotenv
from loadstone.lab.surroundings.interpolation import interpolated

__all__ = ["Port", "Written", "find_compose", "read_compose"]

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""In the order in which Compose looks."""

_LARGEST = 4 << 20
_DEPTH = 8  # files that extend and include each other


class Port(NamedTuple):
    """A port of the container; ``published`` is the machine's, None where the engine chooses one or none is."""

    target: int
    published: int | None = None
    host: str = ""


class Written(NamedTuple):
    """One service. ``raw`` are the variables as they are written, ``variables`` with theirs filled in."""

    name: str
    image: str
    build: bool
    ports: tuple[Port, ...]
    raw: Mapping[str, str]
    variables: Mapping[str, str]
    depends_on: tuple[str, ...]
    healthcheck: str
    command: str
    profiles: tuple[str, ...]
    host_network: bool
    names: tuple[str, ...]


def find_compose(folder: Path) -> Path | None:
    """The folder's compose file, the one that Compose would take."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read_compose(path: Path, environ: Mapping[str, str] = os.environ) -> list[Written]:
    """Its services, an override file beside it included. Raises SpecError where it is none."""
    variables = {**read_dotenv(path.parent / ".env"), **environ}
    services = _services(path, 0)
    override = path.with_name(re.sub(r"\.(ya?ml)$", r".override.\1", path.name))
    if path.name in NAMES and override.is_file():
        for name, more in _services(override, 0).items():
            services[name] = _over(services.get(name, {}), more)
    return [_written(name, service, path.parent, variables) for name, service in services.items()]


def _document(path: Path) -> dict[str, Any]:
    from loadstone.lab.surroundings.compose_yaml import loaded  # a parser takes its time to import

    try:
        if path.stat().st_size > _LARGEST:
            raise SpecError(f"{path} is too large to be a compose file")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"there is no compose file {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SpecError(f"{path} is no text") from None
    document = loaded(text, path)
    if not isinstance(document, dict) or not isinstance(
        document.get("services") or document.get("include"), dict | list
    ):
        raise SpecError(f"{path}: a compose file has services: NAME: …")
    return document


def _services(path: Path, depth: int) -> dict[str, dict[str, Any]]:
    document = _document(path)
    found: dict[str, dict[str, Any]] = {}
    for each in _list(document.get("include")) if depth < _DEPTH else ():
        named = each.get("path") if isinstance(each, dict) else each
        for other in _list(named):
            if isinstance(other, str) and (path.parent / other).is_file():
                found |= _services(path.parent / other, depth + 1)
    for name, service in _mapping(document.get("services")).items():
        found[str(name)] = _extended(_mapping(service), document, path, depth)
    return found


def _extended(service: dict[str, Any], document: dict[str, Any], path: Path, depth: int) -> dict[str, Any]:
    """The service over the one that it extends, in this file or another."""
    told = service.get("extends")
    if not told or depth > _DEPTH:
        return service
    name = told if isinstance(told, str) else _mapping(told).get("service")
    file = _mapping(told).get("file") if isinstance(told, dict) else None
    other = path.parent / str(file) if file else path
    source = _document(other) if file else document
    below = _mapping(_mapping(source.get("services")).get(name))
    return _over(_extended(below, source, other, depth + 1), service)


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = {**below, **above}
    for key in ("ports", "env_file", "profiles"):
        merged[key] = [*_list(below.get(key)), *_list(above.get(key))]
    merged["environment"] = {**_pairs(below.get("environment")), **_pairs(above.get("environment"))}
    merged["depends_on"] = list(dict.fromkeys([*_keys(below.get("depends_on")), *_keys(above.get("depends_on"))]))
    return merged


def _written(name: str, service: dict[str, Any], folder: Path, variables: Mapping[str, str]) -> Written:
    raw: dict[str, str] = {}
    for each in _list(service.get("env_file")):
        file = each.get("path") if isinstance(each, dict) else each
        if isinstance(file, str):
            raw |= read_dotenv(folder / interpolated(file, variables))
    for key, value in _pairs(service.get("environment")).items():
        raw[key] = variables.get(key, "") if value is None else value  # NAME alone passes the machine's on
    values = {key: interpolated(value, variables) for key, value in raw.items()}
    health = _mapping(service.get("healthcheck")).get("test")
    aliases = [service.get("container_name"), service.get("hostname")]
    for network in _mapping(service.get("networks")).values():
        aliases += _list(_mapping(network).get("aliases"))
    return Written(
        name,
        image=interpolated(str(service.get("image") or ""), variables),
        build=bool(service.get("build")),
        ports=tuple(port for each in _list(service.get("ports")) for port in _ports(each, variables)),
        raw=raw,
        variables=values,
        depends_on=tuple(_keys(service.get("depends_on"))),
        healthcheck=" ".join(map(str, health)) if isinstance(health, list) else str(health or ""),
        command=_line(service.get("command")),
        profiles=tuple(map(str, _list(service.get("profiles")))),
        host_network=service.get("network_mode") == "host",
        names=tuple(str(alias) for alias in (name, *aliases) if alias),
    )


def _ports(told: Any, variables: Mapping[str, str]) -> Iterator[Port]:  # noqa: ANN401  as it was written
    """``8000``, ``8000:80``, ``127.0.0.1:8000:80/tcp``, ``3000-3005:3000-3005``, or a mapping."""
    if isinstance(told, dict):
        inside, outside = str(told.get("target") or ""), interpolated(str(told.get("published") or ""), variables)
        text = f"{told.get('host_ip') or ''}:{outside}:{inside}" if outside else inside
        text += f"/{told.get('protocol') or 'tcp'}"
    else:
        text = interpolated(str(told), variables)
    protocol = text.rpartition("/")[2] if "/" in text else "tcp"
    match = re.fullmatch(
        r"(?:(?P<host>\[[^\]]*\]|[^:]*):)?(?:(?P<published>[\d-]*):)?(?P<target>[\d-]+)", text.partition("/")[0]
    )
    if match is None or protocol != "tcp":
        return
    host, published = match["host"] or "", match["published"]
    if published is None and host.replace("-", "").isdigit():
        host, published = "", host
    targets = _range(match["target"])
    machine = _range(published or "")
    for number, target in enumerate(targets):
        yield Port(target, machine[number] if len(machine) == len(targets) else None, host.strip("[]"))


def _range(text: str) -> list[int]:
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        return []
    return list(range(int(first), min(int(last), int(first) + 1000) + 1)) if dash else [int(first)]


def _pairs(told: Any) -> dict[str, str | None]:  # noqa: ANN401  as it was written
    if isinstance(told, dict):
        return {str(key): None if value is None else _scalar(value) for key, value in told.items()}
    found: dict[str, str | None] = {}
    for each in _list(told):
        name, equals, value = str(each).partition("=")
        found[name] = value if equals else None
    return found


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _keys(told: Any) -> list[str]:  # noqa: ANN401  as it was written
    return [str(each) for each in (told if isinstance(told, dict | list) else ())]


def _line(told: Any) -> str:  # noqa: ANN401  as it was written
    return " ".join(map(str, told)) if isinstance(told, list) else str(told or "")


def _list(told: Any) -> list[Any]:  # noqa: ANN401  as it was written
    return told if isinstance(told, list) else [] if told is None else [told]


def _mapping(told: Any) -> dict[Any, Any]:  # noqa: ANN401  as it was written
    return told if isinstance(told, dict) else {}
