"""Verdaccio and Node-RED, both on Express, from npm."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Mapping

import httpx

from benches.newcomer.service import Foreign, Place, ran

__all__ = ["NODE_RED", "VERDACCIO"]

_OVERRIDES = {"node-fetch": "2.7.0"}
"""Verdaccio asks for a tag of it that not every registry has."""

_EVERY_APP = """
const express = require('express');
const apps = [];
const first = express.application.init;
express.application.init = function (...given) { apps.push(this); return first.apply(this, given); };
const list = require('express-list-endpoints');
const say = console.log;
const tell = () => {
  const told = [];
  for (const app of apps)
    for (const one of list(app))
      for (const method of one.methods) told.push([method, (app.mountpath || '') + '/' + one.path]);
  say('ROUTES' + JSON.stringify(told));
  process.exit(0);
};
"""
"""express-list-endpoints does not look into mounted applications, so it is asked about each that was made."""

_TRUTH_VERDACCIO = _EVERY_APP + "require('verdaccio').runServer('./config.yaml').then(tell);"

_TRUTH_NODE_RED = (
    _EVERY_APP
    + """
const RED = require('node-red');
const settings = {...require('./settings.js'), userDir: './data', logging: {console: {level: 'off'}}};
RED.init(require('http').createServer(), settings);
RED.start().then(tell);
"""
)


def _npm(place: Place, packages: list[str], **more: object) -> None:
    if (place.folder / "node_modules" / "installed").exists():
        return
    (place.folder / "package.json").write_text(json.dumps({"private": True, **more}))
    npm = shutil.which("npm") or "npm"
    ran([npm, "install", "--no-fund", "--no-audit", "--silent", *packages], cwd=place.folder)
    (place.folder / "node_modules" / "installed").touch()


def _version(package: str, place: Place) -> str:
    told = json.loads((place.folder / "node_modules" / package / "package.json").read_text())
    return str(told["version"])


def _listed(script: str, place: Place) -> list[tuple[str, str]]:
    """By express-list-endpoints."""
    (place.folder / "listed.js").write_text(script)
    told = ran(["node", "listed.js"], cwd=place.folder)
    found = next(line for line in told.splitlines() if "ROUTES" in line)
    return [(method, _plain(path)) for method, path in json.loads(found[found.index("ROUTES") + 6 :])]


def _plain(path: str) -> str:
    """A path that may be written as a regular expression, with each group as a variable."""
    mount, slash, expression = path.partition("//^")
    if not slash:
        return path
    bare = expression.rstrip("/").removesuffix("$").replace("\\/", "/").replace("(?:$|/)", "").removesuffix("/?")
    while (fewer := re.sub(r"\([^()]*\)[?*+]?", "{}", bare)) != bare:
        bare = fewer
    return f"{mount}/{bare}"


def _none(place: Place) -> Mapping[str, str]:
    return {}


def _verdaccio_prepare(place: Place) -> None:
    shutil.rmtree(place.folder / "storage", ignore_errors=True)
    (place.folder / "htpasswd").unlink(missing_ok=True)
    (place.folder / "config.yaml").write_text(
        "storage: ./storage\nauth:\n  htpasswd:\n    file: ./htpasswd\n    max_users: 10\n"
        "packages:\n  '**':\n    access: $all\n    publish: $authenticated\n"
        "web:\n  title: a registry\nlog: { type: stdout, format: pretty, level: warn }\n"
    )


def _verdaccio_fill(place: Place) -> None:
    """A user and some packages, as npm would publish them."""
    who = {"name": "newcomer", "password": "newcomer-pass", "type": "user"}
    with httpx.Client(base_url=place.url, timeout=30.0) as client:
        token = client.put("/-/user/org.couchdb.user:newcomer", json=who).json()["token"]
        for number in range(8):
            name, file = f"package-{number}", b"not a tarball, but nobody unpacks it"
            data, digest = base64.b64encode(file).decode(), hashlib.sha1(file).hexdigest()
            version = {
                "name": name,
                "version": "1.0.0",
                "description": "made for a benchmark",
                "readme": f"# {name}",
                "dist": {"shasum": digest, "tarball": f"{place.url}/{name}/-/{name}-1.0.0.tgz"},
            }
            body = {
                "_id": name,
                "name": name,
                "dist-tags": {"latest": "1.0.0"},
                "versions": {"1.0.0": version},
                "_attachments": {
                    f"{name}-1.0.0.tgz": {"content_type": "application/octet-stream", "data": data, "length": len(file)}
                },
            }
            client.put(f"/{name}", json=body, headers={"authorization": f"Bearer {token}"}).raise_for_status()


VERDACCIO = Foreign(
    name="verdaccio",
    what="Express, files; npm",
    install=lambda place: _npm(place, ["verdaccio", "express-list-endpoints"], overrides=_OVERRIDES),
    prepare=_verdaccio_prepare,
    fill=_verdaccio_fill,
    start=lambda place: (
        f"node {place.folder}/node_modules/verdaccio/bin/verdaccio"
        f" --config {place.folder}/config.yaml --listen 127.0.0.1:{{port}}"
    ),
    env=_none,
    truth=lambda place: _listed(_TRUTH_VERDACCIO, place),
    version=lambda place: _version("verdaccio", place),
    user="newcomer",
    password="newcomer-pass",
)


def _node_red_prepare(place: Place) -> None:
    (place.folder / "data").mkdir(exist_ok=True)
    (place.folder / "settings.js").write_text(
        "module.exports = {uiHost: '127.0.0.1', flowFile: 'flows.json', telemetry: {enabled: false},\n"
        "  diagnostics: {enabled: true}, logging: {console: {level: 'warn'}}};\n"
    )


NODE_RED = Foreign(
    name="node-red",
    what="Express, files; npm",
    install=lambda place: _npm(place, ["node-red", "express-list-endpoints"]),
    prepare=_node_red_prepare,
    start=lambda place: (
        f"node {place.folder}/node_modules/node-red/red.js --settings {place.folder}/settings.js"
        f" --userDir {place.folder}/data --port {{port}}"
    ),
    env=_none,
    truth=lambda place: _listed(_TRUTH_NODE_RED, place),
    version=lambda place: _version("node-red", place),
)
