/** A long run drawn coarser than it was measured: more points than pixels show nothing. */

import type { Heat, RunView, Series } from "../run_view";

const MOST = 600;
const WANTED = 300;

const AVERAGED: ReadonlySet<keyof Series> = new Set([
  "offered_per_s",
  "started_per_s",
  "achieved_per_s",
  "requests_per_s",
  "errors_per_s",
  "dropped_per_s",
  "in_flight_mean",
]);

/** How many intervals make one point. */
export function coarseness(intervals: number): number {
  return intervals <= MOST ? 1 : Math.ceil(intervals / WANTED);
}

/** The same run with `size` intervals to a point: rates averaged over their time, all else the highest among them. */
export function coarse(view: RunView): { view: RunView; size: number } {
  const size = coarseness(view.series.t_s.length);
  if (size === 1) return { view, size };
  return {
    view: { ...view, series: coarseSeries(view.series, size), heat: coarseHeat(view.heat, size) },
    size,
  };
}

function coarseSeries(series: Series, size: number): Series {
  const merged = {} as Record<keyof Series, (number | null)[]>;
  for (const name of Object.keys(series) as (keyof Series)[]) {
    merged[name] = groups(series[name], size).map((values, group) => {
      if (name === "t_s") return values.at(-1) ?? 0;
      const lengths = series.span_s.slice(group * size, (group + 1) * size);
      if (name === "span_s") return sum(lengths);
      if (AVERAGED.has(name))
        return sum(values.map((value, at) => (value ?? 0) * (lengths[at] ?? 0))) / sum(lengths);
      const known = values.filter((value) => value !== null);
      return known.length === 0 ? null : Math.max(...known);
    });
  }
  return merged as unknown as Series;
}

function coarseHeat(heat: Heat, size: number): Heat {
  return {
    t_s: groups(heat.t_s, size).map((times) => times.at(-1) ?? 0),
    edges_s: heat.edges_s,
    counts: groups(heat.counts, size).map((columns) =>
      (columns[0] ?? []).map((_count, band) => sum(columns.map((column) => column[band] ?? 0))),
    ),
  };
}

function groups<Value>(values: readonly Value[], size: number): Value[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_none, at) =>
    values.slice(at * size, (at + 1) * size),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
