"""Express, Fastify and Koa's router, of the versions that npm has; and Node without any of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from loadstone.traffic.framework import routes_environment
from tests.traffic.framework.serving import own, routes_of

EXPRESS_4 = """
const express = require("express");
const app = express();
app.use("/assets", express.static("public"));
app.use(express.json());
function requireAuth(request, reply, next) { next(); }
app.get("/", (request, reply) => reply.send("ok"));
app.get("/items/:id(\\\\d+)", function item(request, reply) { reply.send("ok"); });
app.post("/items", requireAuth, (request, reply) => reply.end());
app.route("/books/:isbn").get((q, s) => s.end()).put((q, s) => s.end());
const comments = express.Router({ mergeParams: true });
comments.get("/:comment", (q, s) => s.end());
app.use("/posts/:post/comments", comments);
const api = express.Router();
const first = express.Router();
first.get("/users/:id?", (q, s) => s.end());
first.all("/any", (q, s) => s.end());
api.use("/v1", first);
app.use(["/api", "/rest"], api);
const admin = express();
admin.get("/users", (q, s) => s.end());
app.use("/admin", admin);
app.get(/^\\/files\\/(\\d+)$/, (q, s) => s.end());
app.get(["/one", "/two"], (q, s) => s.end());
app.listen(Number(process.argv[2]), "127.0.0.1");
"""

EXPRESS_4_ROUTES = {
    *("GET /", "GET /items/{id}", "POST /items", "GET /books/{isbn}", "PUT /books/{isbn}", "GET /one", "GET /two"),
    *("GET /posts/{post}/comments/{comment}", "GET /admin/users", "GET /files/{id}"),
    *(f"GET /{prefix}/v1/{rest}" for prefix in ("api", "rest") for rest in ("users", "users/{id}", "any")),
}

EXPRESS_5 = """
import express from "express";
const app = express();
app.use("/assets", express.static("public"));
app.get("/", (request, reply) => reply.send("ok"));
app.delete("/items/:id", function item(request, reply) { reply.end(); });
const comments = express.Router({ mergeParams: true });
comments.get("/:comment", (q, s) => s.end());
app.use("/posts/:post/comments", comments);
const admin = express();
admin.get("/users{/:id}", (q, s) => s.end());
app.use("/admin", admin);
app.get("/files/*path", (q, s) => s.end());
app.listen(Number(process.argv[2]), "127.0.0.1");
"""

EXPRESS_5_ROUTES = {
    *("GET /", "DELETE /items/{id}", "GET /posts/{post}/comments/{comment}", "GET /files/{path}"),
    *("GET /admin/users", "GET /admin/users/{id}"),
}

FASTIFY = """
import Fastify from "fastify";
import files from "@fastify/static";
const app = Fastify();
app.get("/", async () => "ok");
app.get("/items/:id(^\\\\d+)", async () => "ok");
app.register(async (child) => { child.post("/users/:id", async () => 1); }, { prefix: "/api" });
app.register(files, { root: process.cwd(), prefix: "/public/" });
await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
"""

KOA = """
const Koa = require("koa");
const exported = require("@koa/router");
const Router = exported.default || exported.Router || exported;
const app = new Koa();
const forums = new Router();
const posts = new Router();
posts.get("/:post", (context) => { context.body = "ok"; });
forums.use("/forums/:forum/posts", posts.routes(), posts.allowedMethods());
forums.get("/", (context) => { context.body = "ok"; });
const api = new Router({ prefix: "/api" });
api.post("user", "/users/:id", (context) => { context.body = "ok"; });
app.use(forums.routes()).use(api.routes());
app.listen(Number(process.argv[2]), "127.0.0.1");
"""

SERVICES = {
    "express 4": ("service.js", EXPRESS_4, ["express@4"], EXPRESS_4_ROUTES),
    "express 5": ("service.mjs", EXPRESS_5, ["express@5"], EXPRESS_5_ROUTES),
    "fastify": (
        "service.mjs",
        FASTIFY,
        ["fastify@5", "@fastify/static"],
        {"GET /", "GET /items/{id}", "POST /api/users/{id}"},
    ),
    "koa": (
        "service.js",
        KOA,
        ["koa", "@koa/router"],
        {"GET /", "GET /forums/{forum}/posts/{post}", "POST /api/users/{id}"},
    ),
}


@pytest.mark.optional("npm packages come from the network")
@pytest.mark.parametrize("service", SERVICES)
def test_the_table_is_the_services_own(service: str, tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or os.environ.get("LOADSTONE_TEST_NPM") != "1":
        pytest.skip("set LOADSTONE_TEST_NPM=1 to install Express, Fastify and Koa from npm")
    name, text, packages, routes = SERVICES[service]
    subprocess.run([npm, "install", "--no-audit", "--no-fund", *packages], cwd=tmp_path, check=True, timeout=250)
    (tmp_path / name).write_text(text)
    read = routes_of(["node", name, "{port}"], tmp_path)
    assert own(read) == routes
    by_id = {route.id: route for route in read.routes}
    if service.startswith("express"):
        assert by_id["GET /assets/{path}"].aside == "static"
    if service == "express 4":
        assert by_id["POST /items"].login is True
        assert by_id["GET /items/{id}"].fields[0].kind == "number"
        assert by_id["GET /items/{id}"].name == "item"


def _node(code: str, file: Path) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; on Debian: apt-get install nodejs")
    env = {**os.environ, **routes_environment(file, {})}
    done = subprocess.run([node, "-e", code], env=env, cwd=file.parent, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_node_without_a_framework_is_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "routes of a service"
    assert _node("console.log(require('node:path').sep, require('node:fs') === require('fs'))", file) == "/ true\n"
    assert not file.exists()


FAKE_EXPRESS = """
const fs = require("fs");
const express = () => {};
express.Router = function () {};
Object.defineProperty(express, "application", { get() { throw new Error("no"); } });
module.exports = express;
"""


def test_a_package_that_only_has_the_name_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "node_modules/express"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"name": "express", "version": "4.0.0", "main": "index.js"}')
    (folder / "index.js").write_text(FAKE_EXPRESS)
    assert _node("console.log(typeof require('express'))", tmp_path / "routes") == "function\n"
