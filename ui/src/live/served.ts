/** What a page knows when `loadstone serve` sends it; a report on a disk has none of this. */

import { createContext } from "preact";
import { read } from "../untrusted";

export interface Served {
  run: string;
  live: boolean;
  /** Where any kept trace is had as JSON: this, then the trace's id. */
  trace: string;
  /** Where a running run tells its view, as server-sent events. */
  events: string;
}

export const ServedPage = createContext<Served | null>(null);

/** The JSON of an element of this page, or null where it has no such element. */
export function carried(id: string): unknown {
  const source = document.getElementById(id)?.textContent;
  return source === null || source === undefined || source.trim() === "" ? null : read(source);
}

export function served(): Served | null {
  return carried("served") as Served | null;
}
