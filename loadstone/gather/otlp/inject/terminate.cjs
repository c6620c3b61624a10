// Required in the service after the official hook of Node, which flushes at SIGTERM and then lives on: its listener
// takes the place of the default, which would end the process. Where the service has no listener of its own, this one
// ends it once the spans are out. LOADSTONE_OTEL_NODE is the hook's package.

const FLUSH_MS = 5000;

process.on("SIGTERM", async () => {
  if (process.listenerCount("SIGTERM") > 2) {
    return; // the service ends itself: the hook's listener, this one, and its own
  }
  try {
    const path = require.resolve("@opentelemetry/api", { paths: [process.env.LOADSTONE_OTEL_NODE] });
    const provider = require(path).trace.getTracerProvider();
    const real = provider.getDelegate ? provider.getDelegate() : provider;
    const patience = new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    await Promise.race([real.forceFlush ? real.forceFlush() : undefined, patience]);
  } catch {
    // what cannot be flushed must not keep the service from ending
  }
  process.removeAllListeners("SIGTERM");
  process.kill(process.pid, "SIGTERM");
});
