// Put into a Node process by NODE_OPTIONS=--require. Starts V8's sampling profiler and writes what it has when the
// process ends, by itself or by a signal that it does not handle. Never throws into the service.
"use strict";
try {
  const directory = process.env.LOADSTONE_NODE_PROFILE;
  const { isMainThread } = require("node:worker_threads");
  if (directory && isMainThread) {
    const fs = require("node:fs");
    const path = require("node:path");
    const { Session } = require("node:inspector");
    const session = new Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.setSamplingInterval", { interval: 10000 }); // microseconds
    const startedNs = BigInt(Date.now()) * 1000000n;
    let failed = null;
    session.post("Profiler.start", (error) => (failed = error));
    let written = false;
    const write = () => {
      if (written || failed) return;
      written = true;
      try {
        session.post("Profiler.stop", (error, answer) => {
          if (error) return;
          const base = path.join(directory, `node-${process.pid}`);
          fs.writeFileSync(`${base}.tmp`, JSON.stringify(answer.profile));
          fs.writeFileSync(`${base}.started`, String(startedNs));
          fs.renameSync(`${base}.tmp`, `${base}.cpuprofile`);
        });
      } catch {
        // the service ends as it would have
      }
    };
    process.on("exit", write);
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
      const last = () => {
        if (process.listenerCount(signal) > 1) return; // the service ends by itself, and "exit" follows
        write();
        process.removeListener(signal, last);
        process.kill(process.pid, signal);
      };
      process.on(signal, last);
    }
  }
} catch {
  // no profile then
}
