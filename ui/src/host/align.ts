/** Several series on one axis of time: where one has no point of its own, its line runs on; where it knew nothing, it breaks. */

import type { HostSeries } from "../run_view";

export interface Aligned {
  /** Where each point is drawn: the middle of the stretch that its value tells of. */
  x: number[];
  /** The instant that is named: the end of that stretch. */
  t: number[];
  columns: (number | null | undefined)[][];
}

export function align(series: readonly HostSeries[]): Aligned {
  const t = [...new Set(series.flatMap(({ t_s }) => t_s))].sort((a, b) => a - b);
  const steps = t.slice(1).map((at, before) => at - (t[before] ?? 0));
  const step = steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const place = new Map(t.map((instant, at) => [instant, at]));
  const columns = series.map(({ t_s, value }) => {
    const column: (number | null | undefined)[] = new Array<undefined>(t.length).fill(undefined);
    t_s.forEach((instant, at) => {
      const where = place.get(instant);
      if (where !== undefined) column[where] = value[at] ?? null;
    });
    return column;
  });
  return { x: t.map((instant) => instant - step / 2), t, columns };
}
