// Put into a Node process by NODE_OPTIONS=--require. Waits for Express, Fastify or Koa's router and adds the route table
// to the file that LOADSTONE_ROUTES names, once the service has its first request. Never throws into the service.
"use strict";
try {
  const file = process.env.LOADSTONE_ROUTES;
  const { isMainThread } = require("node:worker_threads");
  if (file && isMainThread) {
    const fs = require("node:fs");
    const path = require("node:path");
    const Module = require("node:module");
    const FORMAT = 1;
    const LIMIT_BYTES = 64 << 20; // as in the table of Python services
    const MOUNTED = Symbol("loadstone.mounted"); // on a layer: the path that it was mounted at
    const DEPTH = 30;
    const written = new Set();

    const quietly = (act) => {
      try {
        return act();
      } catch {
        return undefined; // a service must run as if we were not here
      }
    };

    const write = (framework, version, rows) =>
      quietly(() => {
        const line = JSON.stringify({ format: FORMAT, framework, version, rows });
        if (written.has(line)) return;
        written.add(line);
        const size = fs.existsSync(file) ? fs.statSync(file).size : 0;
        if (size < LIMIT_BYTES) fs.appendFileSync(file, line + "\n", { mode: 0o600 });
      });

    const replace = (owner, name, make) => {
      const original = owner && owner[name];
      if (typeof original !== "function" || original[MOUNTED]) return;
      const made = make(original);
      Object.defineProperty(made, "name", { value: original.name, configurable: true });
      made[MOUNTED] = original;
      owner[name] = made;
    };

    const versionOf = (filename) =>
      quietly(() => {
        for (let folder = path.dirname(filename); folder !== path.dirname(folder); folder = path.dirname(folder)) {
          const told = path.join(folder, "package.json");
          if (fs.existsSync(told)) {
            const found = JSON.parse(fs.readFileSync(told, "utf8"));
            if (found.version) return String(found.version);
          }
        }
        return "";
      }) || "";

    const named = (name) => (name && name !== "<anonymous>" && name !== "anonymous" ? String(name) : "");

    // ---- Express 4 and 5

    const segments = (given, spelling) => {
      const found = [];
      for (const each of Array.isArray(given) ? given.flat(Infinity) : [given]) {
        if (each instanceof RegExp) found.push(["regex", each.source]);
        else if (typeof each === "string") found.push([spelling, each]);
      }
      return found.length ? found : [["plain", ""]];
    };

    const isPath = (given) =>
      typeof given === "string" ||
      given instanceof RegExp ||
      (Array.isArray(given) && given.length > 0 && given.every((each) => isPath(each)));

    // Layers hold a mount's path as a regular expression (4) or a closure (5): it is noted as it is given.
    const noting = (original) =>
      function use(...given) {
        const stackOf = () => quietly(() => this.stack) || [];
        const before = stackOf().length;
        const result = Reflect.apply(original, this, given);
        quietly(() => {
          for (const layer of stackOf().slice(before)) layer[MOUNTED] = isPath(given[0]) ? given[0] : "/";
        });
        return result;
      };

    // An application that is mounted is hidden in a closure: it is noted beside the layer that holds it.
    const notingApps = (original) =>
      function use(...given) {
        const stackOf = () => quietly(() => (routerOf(this) || {}).stack) || [];
        const before = stackOf().length;
        const result = Reflect.apply(original, this, given);
        quietly(() => {
          const apps = given.flat(Infinity).filter((each) => each && typeof each.handle === "function" && each.set);
          const layers = stackOf()
            .slice(before)
            .filter((layer) => layer.name === "mounted_app");
          layers.forEach((layer, number) => (layer.handle[MOUNTED] = apps[number] || apps[0]));
        });
        return result;
      };

    const routerOf = (app) => app._router || quietly(() => app.router);

    const rowsOf = (stack, before, spelling, depth, rows) => {
      for (const layer of stack || []) {
        if (depth > DEPTH || rows.length > 20000) return rows;
        if (layer.route) {
          const methods = Object.keys(layer.route.methods || {});
          for (const segment of segments(layer.route.path, spelling)) {
            rows.push({
              path: [...before, segment],
              methods: layer.route.methods._all ? null : methods.map((method) => method.toUpperCase()),
              name: named((layer.route.stack.at(-1) || {}).name),
              login: guarded(layer.route.stack),
            });
          }
          continue;
        }
        const handle = layer.handle;
        const inner = handle && handle[MOUNTED] && handle[MOUNTED].handle ? routerOf(handle[MOUNTED]) : handle;
        for (const segment of segments(layer[MOUNTED] === undefined ? mountOf(layer) : layer[MOUNTED], spelling)) {
          const here = segment[1] === "/" || segment[1] === "" ? before : [...before, segment];
          if (inner && inner.stack) rowsOf(inner.stack, here, spelling, depth + 1, rows);
          else if (layer.name === "serveStatic") {
            rows.push({ path: [...here, ["express5", "/*path"]], methods: ["GET"], name: "", aside: "static" });
          } else if (/swagger/i.test(layer.name || "")) {
            rows.push({ path: here, methods: ["GET"], name: layer.name, aside: "docs" });
          }
        }
      }
      return rows;
    };

    // Of a layer that was there before us: Express 4 has its path as an expression.
    const mountOf = (layer) => {
      if (!layer.regexp || layer.regexp.fast_slash) return "/";
      const source = layer.regexp.source.replace("\\/?(?=\\/|$)", "");
      let number = 0;
      const named = source.replace(/\((?!\?)[^()]*(?:\([^()]*\)[^()]*)*\)/g, () => {
        const key = (layer.keys || [])[number++];
        return key ? `(?<${String(key.name).replace(/\W/g, "_")}>[^\\/]+?)` : "(.+)";
      });
      return new RegExp(named.replace("(?:\\/(?<", "\\/(?:(?<"));
    };

    const GUARDS =
      /^(authenticate|requireauth|requirelogin|isauthenticated|ensureauthenticated|ensureloggedin|verifytoken|authmiddleware|jwtauth)$/i;
    const guarded = (stack) => (stack.some((layer) => GUARDS.test(layer.name || "")) ? true : null);

    const express = (exports, filename) => {
      const version = versionOf(filename);
      const spelling = Number.parseInt(version, 10) >= 5 ? "express5" : "express4";
      replace(exports.Router, "use", noting); // 4: instances inherit from the function itself
      if (exports.Router.prototype) replace(exports.Router.prototype, "use", noting); // 5
      replace(exports.application, "use", notingApps);
      const asked = new WeakSet();
      replace(
        exports.application,
        "handle",
        (original) =>
          function handle(...given) {
            if (!asked.has(this)) {
              asked.add(this);
              if (!this.parent) {
                quietly(() => write("express", version, rowsOf((routerOf(this) || {}).stack, [], spelling, 0, [])));
              }
            }
            return Reflect.apply(original, this, given);
          },
      );
    };

    // ---- Fastify: it announces each application, whose own hook tells every route with its whole path

    const fastify = (app) => {
      const rows = [];
      let first = true;
      app.addHook("onRoute", (route) => {
        quietly(() => {
          const name = named(String((route.handler || {}).name || "").replace(/^bound /, ""));
          const hidden = (route.schema || {}).hide === true; // from its own document
          const docs = hidden && /^\/(documentation|docs|reference)(\/|$)/.test(route.url);
          rows.push({
            path: [["express4", route.url.replace("::", ":")]],
            methods: [].concat(route.method).map(String),
            name,
            aside: docs ? "docs" : hidden && route.url.endsWith("/*") ? "static" : null,
            websocket: route.websocket === true,
          });
        });
      });
      app.addHook("onRequest", (request, reply, done) => {
        if (first) {
          first = false;
          write("fastify", String(app.version || ""), rows);
        }
        done();
      });
    };
    quietly(() =>
      require("node:diagnostics_channel").subscribe("fastify.initialization", ({ fastify: app }) =>
        quietly(() => fastify(app)),
      ),
    );

    // ---- Koa's router: a router's stack has whole paths, those of the routers within it too

    const koa = (exports, filename) => {
      const Router = exports.Router || exports.default || exports;
      const version = versionOf(filename);
      const routers = new Set();
      const nested = new Set();
      const routes = (original) =>
        function routes(...given) {
          const dispatch = Reflect.apply(original, this, given);
          routers.add(this);
          let first = true;
          const told = function dispatch_(...request) {
            if (first) {
              first = false;
              quietly(() => {
                const rows = [];
                for (const router of routers) {
                  if (nested.has(router)) continue;
                  for (const layer of router.stack || []) {
                    if (!layer.methods || !layer.methods.length) continue;
                    const [segment] = segments(layer.path, "express4");
                    rows.push({ path: [segment], methods: layer.methods.map(String), name: String(layer.name || "") });
                  }
                }
                write("koa", version, rows);
              });
            }
            return Reflect.apply(dispatch, this, request);
          };
          return Object.assign(told, dispatch);
        };
      replace(
        Router.prototype,
        "use",
        (original) =>
          function use(...given) {
            quietly(() => given.flat(Infinity).forEach((each) => each && each.router && nested.add(each.router)));
            return Reflect.apply(original, this, given);
          },
      );
      replace(Router.prototype, "routes", routes);
      replace(Router.prototype, "middleware", routes);
    };

    const HOOKS = [
      [/^express$/, (exports) => exports.application && exports.Router, express],
      [/^(@koa\/router|koa-router)$/, (exports) => exports, koa],
    ];

    // import of a package in CommonJS comes this way too, by its file's name.
    const PACKAGE = /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/](?!.*[\\/]node_modules[\\/])/;
    const done = new WeakSet();
    const load = Module._load;
    Module._load = function (request, parent, isMain) {
      const exports = Reflect.apply(load, this, [request, parent, isMain]);
      if (typeof exports !== "function" && typeof exports !== "object") return exports;
      quietly(() => {
        const name = path.isAbsolute(request) ? (PACKAGE.exec(request) || [])[1] : request;
        const hook = name && HOOKS.find(([pattern]) => pattern.test(name.replace("\\", "/")));
        if (!hook || exports === null) return;
        const filename = path.isAbsolute(request) ? request : Module._resolveFilename(request, parent, isMain);
        const module = require.cache[filename];
        if (!module || !module.loaded || done.has(module) || !hook[1](exports)) return;
        done.add(module);
        hook[2](exports, filename);
      });
      return exports;
    };
  }
} catch {
  // a service must run as if we were not here; that no table was written is said afterwards
}
