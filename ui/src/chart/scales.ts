/** Where charts put their ticks: decades on a logarithmic axis, nines on the percentile axis. */

const FINE = [1, 2, 5];

/** Bounds of a logarithmic axis that hold all values with air around them and span at least a factor of four. */
export function logBounds(values: Iterable<number | null>): [number, number] | null {
  let low = Infinity;
  let high = 0;
  for (const value of values) {
    if (value === null || !(value > 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (high === 0) return null;
  let bottom = niceBelow(low * 0.95);
  let top = niceAbove(high * 1.05);
  while (top / bottom < 4) {
    bottom = niceBelow(bottom * 0.99);
    top = niceAbove(top * 1.01);
  }
  return [bottom, top];
}

function niceBelow(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  const step = [5, 2, 1].find((factor) => factor * decade <= value * 1.000001) ?? 1;
  return step * decade;
}

function niceAbove(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * decade >= value * 0.999999) ?? 10;
  return step * decade;
}

/** Ticks at 1, 2 and 5 of each decade, or at decades alone when the axis is long or short of room. */
export function logTicks(low: number, high: number, room: number): number[] {
  for (const steps of [FINE, [1, 3], [1]]) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)); power += 1) {
      for (const step of steps) {
        const tick = Number(`${step}e${power}`);
        if (tick >= low * 0.999999 && tick <= high * 1.000001) ticks.push(tick);
      }
    }
    if (ticks.length <= room || steps.length === 1) return ticks;
  }
  return [];
}

/** A share's place on the axis of nines: 0.9 is 1, 0.99 is 2, 0.999 is 3. */
export function nines(share: number): number {
  return -Math.log10(1 - Math.min(share, 1 - 1e-12));
}

const NAMED = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999, 0.9999999];

/** The named shares up to the last one that the data reach. */
export function nineTicks(top: number): { at: number; label: string }[] {
  return NAMED.map((share) => ({ at: nines(share), label: trim(share * 100) })).filter(
    ({ at }) => at <= top + 0.02,
  );
}

function trim(percent: number): string {
  return percent.toFixed(6).replace(/\.?0+$/, "");
}

/** Ticks of a time axis at whole seconds, minutes or hours, at most `room` of them. */
export function timeTicks(low: number, high: number, room: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  const step = steps.find((size) => (high - low) / size <= room) ?? 86400;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_none, at) => (first + at) * step);
}

/** The top of an axis that starts at zero. */
export function topOf(values: Iterable<number | null>, least: number): number {
  let high = least;
  for (const value of values) if (value !== null && value > high) high = value;
  return high * 1.08;
}

/** Ticks from zero at multiples of a power of two, at most `room` steps of them. */
export function binaryTicks(top: number, room: number): number[] {
  if (!(top > 0)) return [0];
  const step = 2 ** Math.ceil(Math.log2(top / Math.max(1, room)));
  return Array.from({ length: Math.floor(top / step) + 1 }, (_none, at) => at * step);
}
