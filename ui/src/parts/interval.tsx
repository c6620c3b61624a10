/** An objective's measured value and interval, drawn against its limit: the good side is shaded. */

import { duration, share } from "../format";
import type { SloResult } from "../run_view";

const WIDTH = 220;
const HEIGHT = 28;
const PAD = 10;

/** An objective such as "p99 < 300ms" is in seconds, "errors < 0.1%" and "99% < 300ms" are shares. */
export function isDuration(slo: SloResult): boolean {
  return /^\s*p\d/i.test(slo.objective);
}

/** "99% < 300ms" asks for at least its limit, every other objective for at most. */
export function moreIsBetter(slo: SloResult): boolean {
  return /^\s*[\d.]+\s*%/.test(slo.objective);
}

export function valueOf(slo: SloResult, value: number | null): string {
  return isDuration(slo) ? duration(value) : share(value);
}

/** Places from 0 to 1 of the limit, the value and the interval's ends; shares near one are told apart by what they miss. */
export function places(slo: SloResult): {
  limit: number;
  value: number | null;
  ends: [number, number] | null;
} {
  const better = moreIsBetter(slo);
  const measure = (value: number) => (better ? 1 - value : value);
  const known = [slo.limit, slo.value, ...(slo.interval ?? [])]
    .filter((value) => value !== null)
    .map(measure);
  const positive = known.filter((value) => value > 0);
  const least = Math.min(...positive);
  const most = Math.max(...positive);
  const logarithmic = known.every((value) => value > 0) && most / least > 8;
  const to = (value: number) => (logarithmic ? Math.log(value) : value);
  const low = logarithmic ? to(least) : Math.min(...known, 0.6 * measure(slo.limit));
  const high = to(most);
  const room = Math.max(high - low, Math.abs(high) * 0.2, 1e-9);
  const place = (value: number) => {
    const at = (to(measure(value)) - low + room * 0.15) / (room * 1.3);
    return better ? 1 - at : at;
  };
  const ends = slo.interval?.map(place).sort((a, b) => a - b) as [number, number] | undefined;
  return { limit: place(slo.limit), value: slo.value === null ? null : place(slo.value), ends: ends ?? null };
}

export function Interval({ slo }: { slo: SloResult }) {
  const { limit, value, ends } = places(slo);
  const x = (place: number) => PAD + place * (WIDTH - 2 * PAD);
  const good = moreIsBetter(slo) ? { from: x(limit), to: WIDTH } : { from: 0, to: x(limit) };
  const label =
    slo.value === null
      ? `not measured; the limit is ${valueOf(slo, slo.limit)}`
      : `measured ${valueOf(slo, slo.value)}${intervalText(slo)}; the limit is ${valueOf(slo, slo.limit)}`;
  return (
    <svg class={`interval is-${slo.outcome}`} width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <rect class="good" x={good.from} y="4" width={good.to - good.from} height={HEIGHT - 8} />
      <line class="limit" x1={x(limit)} x2={x(limit)} y1="1" y2={HEIGHT - 1} />
      {ends !== null && <path class="whisker" d={`M${x(ends[0])} 9v10m0-5H${x(ends[1])}m0-5v10`} />}
      {value !== null && <circle cx={x(value)} cy={HEIGHT / 2} r="3.5" />}
    </svg>
  );
}

export function intervalText(slo: SloResult): string {
  if (slo.interval === null) return "";
  const [low, high] = slo.interval;
  return ` [${valueOf(slo, low)}, ${valueOf(slo, high)}]`;
}
