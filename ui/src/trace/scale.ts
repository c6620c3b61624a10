/** Time to scale: where an instant stands on a row that is 1,000 units wide, and the ticks above the rows. */

import type { Stretch } from "./outline";

export const UNITS = 1000;

export interface Shown {
  from: number;
  to: number;
}

export function placeOf(instant: number, { from, to }: Shown): number {
  return to > from ? (UNITS * (instant - from)) / (to - from) : 0;
}

/** A bar's left edge and width within the row, at least `least` units wide so that it is seen; null where outside. */
export function bar(
  start: number,
  end: number,
  shown: Shown,
  least = 1.5,
): { x: number; width: number } | null {
  const left = placeOf(start, shown);
  const right = placeOf(end, shown);
  if (right < 0 || left > UNITS) return null;
  const x = Math.min(Math.max(left, 0), UNITS - least);
  return { x, width: Math.max(Math.min(right, UNITS) - x, least) };
}

/** One path over all stretches, those that touch within a unit drawn as one: 5,000 children are not 5,000 shapes. */
export function bandPath(stretches: readonly Stretch[], shown: Shown, y: number, height: number): string {
  let path = "";
  let open: { from: number; to: number } | null = null;
  const close = () => {
    if (open === null) return;
    const width = Math.max(open.to - open.from, 1);
    path += `M${round(open.from)} ${y}h${round(width)}v${height}h${round(-width)}z`;
  };
  for (const [start, end] of stretches) {
    const from = Math.max(placeOf(start, shown), 0);
    const to = Math.min(placeOf(end, shown), UNITS);
    if (to < 0 || from > UNITS) continue;
    if (open !== null && from - open.to < 1) open.to = Math.max(open.to, to);
    else {
      close();
      open = { from, to };
    }
  }
  close();
  return path;
}

const round = (value: number) => Math.round(value * 10) / 10;

/** Ticks at round durations, at most `room` of them after the first. */
export function ticks({ from, to }: Shown, room: number): number[] {
  const length = to - from;
  if (!(length > 0)) return [from];
  const rough = length / Math.max(1, room);
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * decade >= rough * 0.999999) ?? 10) * decade;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_none, at) => (first + at) * step);
}
