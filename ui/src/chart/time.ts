/** What all charts over time share: one axis, one cursor, phases and trouble shaded alike. */

import uPlot from "uplot";
import { clock, duration } from "../format";
import type { RunView } from "../run_view";
import { type Palette, thin } from "../theme";
import { logBounds, logTicks, timeTicks } from "./scales";

export const FONT = '14px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const GUTTER = 68;

export interface Span {
  start: number;
  end: number;
  name: string;
  kind: "unmeasured" | "measured" | "trouble";
}

/** Each interval is drawn at its middle. */
export function middles(view: RunView): number[] {
  return view.series.t_s.map((end, at) => end - (view.series.span_s[at] ?? 0) / 2);
}

export function lastInstant(view: RunView): number {
  const last =
    view.series.t_s.at(-1) ?? Math.max(0, ...(view.evidence?.host ?? []).map((one) => one.t_s.at(-1) ?? 0));
  return Math.max(last, view.phases.at(-1)?.end_s ?? 0, 1);
}

/**
 * The values of full intervals within the schedule. What ends after it are late replies, and a sliver of an interval
 * makes no rate: lines leave both out, tables and the heat map keep them.
 */
export function steady<Value>(view: RunView, values: readonly Value[]): (Value | null)[] {
  const { t_s, span_s } = view.series;
  const end = scheduleEnd(view);
  const usual = [...span_s].sort((a, b) => a - b)[Math.floor(span_s.length / 2)] ?? 0;
  return values.map((value, at) => {
    const length = span_s[at] ?? 0;
    return (t_s[at] ?? 0) - length >= end - 1e-6 || length < usual / 2 ? null : value;
  });
}

function scheduleEnd(view: RunView): number {
  return view.phases.at(-1)?.end_s ?? Infinity;
}

/** A silence is told once it is this many times the mean gap between requests: by chance that is e^-10, 1 in 22,000. */
const SILENCE = 10;

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Phases, and stretches in which requests were in flight but none was completed, or arrivals were dropped. */
export function spans(view: RunView): Span[] {
  const { t_s, span_s, requests_per_s, in_flight_max, dropped_per_s } = view.series;
  const found: Span[] = view.phases.map((phase) => ({
    start: phase.start_s,
    end: phase.end_s,
    name: phase.measured ? phase.name : `${phase.name}, left out`,
    kind: phase.measured ? "measured" : "unmeasured",
  }));
  const end = lastInstant(view);
  if (scheduleEnd(view) < end - 1e-6) {
    found.push({ start: scheduleEnd(view), end, name: "awaiting replies", kind: "unmeasured" });
  }
  const perSecond =
    sum(requests_per_s.map((rate, at) => rate * (span_s[at] ?? 0))) / Math.max(sum(span_s), 1e-9);
  const trouble = (name: string, least_s: number, bad: (at: number) => boolean) => {
    const runs: Span[] = [];
    t_s.forEach((end, at) => {
      if (!bad(at)) return;
      const start = end - (span_s[at] ?? 0);
      const open = runs.at(-1);
      if (open !== undefined && Math.abs(open.end - start) < 1e-6) open.end = end;
      else runs.push({ start, end, name, kind: "trouble" });
    });
    found.push(...runs.filter((run) => run.end - run.start >= least_s));
  };
  trouble(
    "nothing completed",
    SILENCE / perSecond,
    (at) => requests_per_s[at] === 0 && (in_flight_max[at] ?? 0) > 0,
  );
  trouble("arrivals dropped", 0, (at) => (dropped_per_s[at] ?? 0) > 0);
  return found;
}

/** Draws the shading beneath the lines; names it only where `named`, on the topmost panel. */
export function shading(view: RunView, colours: Palette, named: boolean): uPlot.Plugin {
  const shaded = spans(view);
  const several = view.phases.filter((phase) => phase.measured).length > 1;
  return {
    hooks: {
      drawClear: (u) => {
        const { ctx } = u;
        const { left, top, width, height } = u.bbox;
        const ratio = devicePixelRatio;
        ctx.save();
        ctx.beginPath();
        ctx.rect(left, 0, width, top + height);
        ctx.clip();
        let free = -Infinity;
        for (const { start, end, name, kind } of shaded.toSorted((a, b) => a.start - b.start)) {
          const from = u.valToPos(start, "x", true);
          const to = u.valToPos(end, "x", true);
          if (kind !== "measured") {
            ctx.fillStyle = kind === "trouble" ? thin(colours.fail, 0.11) : thin(colours.ink, 0.07);
            ctx.fillRect(from, top, Math.max(to - from, ratio), height);
          } else if (several) {
            ctx.fillStyle = colours.faint;
            ctx.fillRect(from, top, ratio, height);
          }
          if (!named || (kind === "measured" && !several)) continue;
          if (kind === "unmeasured" && to - from < 6 * ratio) continue;
          ctx.font = FONT.replace("14px", `${14 * ratio}px`);
          ctx.textBaseline = "alphabetic";
          ctx.fillStyle = kind === "trouble" ? colours.fail : colours.muted;
          const wide = ctx.measureText(name).width;
          const at = Math.min(Math.max(from + 2 * ratio, left), left + width - wide);
          if (at < free) continue;
          ctx.fillText(name, at, top - 6 * ratio);
          free = at + wide + 10 * ratio;
        }
        ctx.restore();
      },
    },
  };
}

/** Room that the names at the ends of lines need, or little where the chart is too narrow for them. */
export const roomForLabels: uPlot.PaddingSide = (u) => (u.width < NARROW ? 16 : LABEL_ROOM);
export const NARROW = 560;
const LABEL_ROOM = 104;

interface TimeOptions {
  view: RunView;
  /** Instants of the chart's own points, where they are not those of the run's intervals. */
  x?: readonly number[];
  colours: Palette;
  named: boolean;
  /** Whether this is the lowest panel, which carries the labels of the time axis. */
  labelled: boolean;
  y: { scale: uPlot.Scale; axis: uPlot.Axis };
  right?: uPlot.PaddingSide;
}

export function timeOptions({ view, x, colours, named, labelled, y, right }: TimeOptions) {
  const end = lastInstant(view);
  const points = x ?? middles(view);
  const options = {
    legend: { show: false },
    padding: [named ? 22 : 8, right ?? roomForLabels, labelled ? 0 : 4, 0] satisfies uPlot.Padding,
    cursor: {
      sync: { key: "time", setSeries: false, scales: ["x", null] },
      drag: { x: true, y: false, setScale: true },
      y: false,
      points: { size: 7 },
    },
    scales: {
      x: {
        time: false,
        range: (_u: uPlot, low: number | null, high: number | null) => zoomed(low, high, points, end),
      },
      y: y.scale,
    },
    axes: [
      {
        ...axis(colours),
        size: labelled ? 32 : 0,
        space: 70,
        splits: (u: uPlot, _axis: number, low: number, high: number) =>
          timeTicks(low, high, Math.max(3, u.width / 90)),
        values: (_u: uPlot, ticks: number[]) => ticks.map((tick) => (labelled ? clock(tick) : "")),
      },
      { ...axis(colours), size: GUTTER, ...y.axis },
    ],
    plugins: [shading(view, colours, named)],
  } satisfies Omit<uPlot.Options, "width" | "height" | "series">;
  return options;
}

/** The whole run, unless a stretch of it was chosen. */
function zoomed(
  low: number | null,
  high: number | null,
  x: readonly number[],
  end: number,
): [number, number] {
  const first = x[0] ?? 0;
  const last = x.at(-1) ?? end;
  if (low === null || high === null || low >= high || (low <= first && high >= last)) return [0, end];
  return [low, high];
}

export function axis(colours: Palette): uPlot.Axis {
  return {
    stroke: colours.muted,
    font: FONT,
    gap: 6,
    grid: { stroke: colours.rule, width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
}

/** A logarithmic axis of durations that holds all the values, with labels like "10 ms". */
export function latencyAxis(values: Iterable<number | null>): TimeOptions["y"] {
  const [low, high] = logBounds(values) ?? [1e-3, 1];
  return {
    scale: { distr: 3, log: 10, range: [low, high] },
    axis: {
      splits: (u) => logTicks(low, high, Math.max(3, u.height / 34)),
      filter: (_u, ticks) => ticks,
      values: (_u, ticks) => ticks.map((tick) => tickName(tick)),
    },
  };
}

/** "10 ms" rather than "10.0 ms": a tick is exact. */
export function tickName(seconds: number): string {
  return duration(seconds)
    .replace(/\.0+(?=\s)/, "")
    .replace(/(\.\d*[1-9])0+(?=\s)/, "$1");
}

/** A linear axis from zero. */
export function linearAxis(top: number, name: (value: number) => string): TimeOptions["y"] {
  return {
    scale: { range: [0, top] },
    axis: { space: 34, values: (_u, ticks) => ticks.map((tick) => name(tick)) },
  };
}
