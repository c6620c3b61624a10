/** Where a trace comes from: the page itself, or the server that keeps the archive. */

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { ServedPage } from "../live/served";
import type { TraceView } from "../run_view";
import { read } from "../untrusted";

export type Sought =
  | { state: "drawn"; trace: TraceView }
  | { state: "loading" }
  | { state: "absent" | "failed"; reason: string };

/** Every trace that the page carries, those of the evidence first. */
export const DrawnTraces = createContext<readonly TraceView[]>([]);

const fetched = new Map<string, TraceView>();

export function useTrace(id: string | null): Sought | null {
  const served = useContext(ServedPage);
  const carried = useContext(DrawnTraces).find(({ row }) => row.trace_id === id);
  const [sought, setSought] = useState<{ id: string; result: Sought } | null>(null);
  const remote =
    id !== null && carried === undefined && served !== null
      ? `${served.trace}${encodeURIComponent(id)}`
      : null;
  useEffect(() => {
    if (remote === null || id === null || fetched.has(remote)) return;
    const stop = new AbortController();
    load(remote, stop.signal).then(
      (trace) => {
        fetched.set(remote, trace);
        setSought({ id, result: { state: "drawn", trace } });
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        setSought({
          id,
          result: { state: "failed", reason: error instanceof Error ? error.message : String(error) },
        });
      },
    );
    return () => stop.abort();
  }, [remote]);
  if (id === null) return null;
  if (carried !== undefined) return { state: "drawn", trace: carried };
  if (remote === null) {
    return {
      state: "absent",
      reason: "This page does not carry the trace; the archive may: loadstone serve shows every kept trace.",
    };
  }
  const known = fetched.get(remote);
  if (known !== undefined) return { state: "drawn", trace: known };
  return sought?.id === id ? sought.result : { state: "loading" };
}

async function load(url: string, signal: AbortSignal): Promise<TraceView> {
  const reply = await fetch(url, { signal, headers: { accept: "application/json" } });
  if (reply.status === 404) throw new Error("The archive keeps no such trace.");
  if (!reply.ok) throw new Error(`The server answered ${reply.status} where a trace was asked for.`);
  return read(await reply.text()) as TraceView;
}
