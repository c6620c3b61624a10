/** Follows a run while it lasts: the server sends the whole view again each second, and says when it ends. */

import { useEffect, useState } from "preact/hooks";
import type { RunView } from "../run_view";
import { read } from "../untrusted";
import type { Served } from "./served";

/** `still`: the page shows what it was sent. `live`: it is told of changes. `lost`: the browser tries to connect again. */
export type Pulse = "still" | "live" | "lost" | "ended";

export interface Followed {
  view: RunView;
  source: string;
  pulse: Pulse;
  /** Counts the views that came: charts draw themselves anew when it changes. */
  turn: number;
}

/** A view as it came over the wire, or null where the message is none of ours. */
export function viewIn(text: string): RunView | null {
  let message: unknown;
  try {
    message = read(text);
  } catch {
    return null;
  }
  if (typeof message !== "object" || message === null) return null;
  const view = "view" in message ? message.view : message;
  return typeof view === "object" && view !== null && (view as RunView).format === 1
    ? (view as RunView)
    : null;
}

export function useFollowed(first: RunView, source: string, served: Served | null): Followed {
  const [followed, setFollowed] = useState<Followed>({
    view: first,
    source,
    pulse: served?.live === true ? "live" : "still",
    turn: 0,
  });
  useEffect(() => {
    if (served === null || !served.live) return;
    const events = new EventSource(served.events);
    const pulse = (next: Pulse) => setFollowed((before) => ({ ...before, pulse: next }));
    const take = (event: MessageEvent<string>) => {
      const view = viewIn(event.data);
      if (view === null) return;
      setFollowed(({ turn }) => ({ view, source: textOf(event.data, view), pulse: "live", turn: turn + 1 }));
    };
    const end = (event: MessageEvent<string>) => {
      events.close();
      if (event.data) take(event);
      pulse("ended");
    };
    events.addEventListener("view", take);
    events.addEventListener("message", take);
    events.addEventListener("end", end);
    events.addEventListener("open", () => pulse("live"));
    events.addEventListener("error", () => pulse("lost"));
    return () => events.close();
  }, []);
  return followed;
}

/** The JSON to take away: the message itself where it is the view, else what it held. */
function textOf(text: string, view: RunView): string {
  return text.startsWith('{"view"') ? JSON.stringify(view) : text;
}
