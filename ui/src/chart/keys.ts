/** The keys above charts: what a line is called, and its value under the cursor. */

import { clock } from "../format";
import type { RunView } from "../run_view";
import type { Key } from "./panel";

/** Why there is nothing to draw, or null. */
export function nothing(view: RunView): string | null {
  if (view.series.t_s.length === 0) return "Nothing to draw: the run has no interval.";
  return view.series.response_p50_s.every((value) => value === null)
    ? "Nothing to draw: no request was completed."
    : null;
}

export type Values = readonly (number | null)[];

/** A key of a chart over time: the value under the cursor, else that of the whole run. */
export function timeKey(
  name: string,
  colour: string,
  line: Key["line"],
  values: Values,
  say: (value: number | null) => string,
  whole: number | null,
): Key {
  return { name, colour, line, value: (at) => say(at === null ? whole : (values[at] ?? null)) };
}

export function whereIn(view: RunView): (index: number | null) => string {
  return (at) => (at === null ? "whole run" : clock(view.series.t_s[at] ?? 0));
}
