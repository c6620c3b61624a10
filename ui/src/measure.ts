/** A value with the unit that its source names: seconds, bytes, shares, cores, counts, and their rates. */

import { MISSING, duration, share, significant, size } from "./format";

const NB = "\u00a0";

export function measured(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  if (unit === "s") return value < 0 ? `−${duration(-value)}` : duration(value);
  if (unit === "ns") return duration(value / 1e9);
  if (unit === "bytes") return size(value);
  if (unit === "bytes/s" || unit === "bytes_per_s") return `${size(value)}/s`;
  if (unit === "share") return value < 0 ? `−${share(-value)}` : share(value);
  if (unit === "cores") return `${significant(value)}${NB}cores`;
  if (unit === "" || unit === "count" || unit === "1") return whole(value);
  if (unit.startsWith("/")) return `${whole(value)}${unit}`;
  return `${whole(value)}${NB}${unit}`;
}

/** A count stands whole, a mean of counts with three digits. */
function whole(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1000 ? String(value) : significant(value);
}
