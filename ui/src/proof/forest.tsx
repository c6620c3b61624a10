/** Ratios with their intervals, a row each, on one logarithmic axis: left of 1 is better, right of the margin worse. */

import { ratio } from "./words";

const WIDE = 1000;
const ROOM = 0.06;

export interface ForestRow {
  label: string;
  aside?: string;
  value: number;
  low: number | null;
  high: number | null;
  strong?: boolean;
  /** Drawn, but not part of what is judged. */
  left?: string | null;
}

export interface ForestProps {
  rows: readonly ForestRow[];
  margin: number;
  label: string;
}

/** Places from 0 to 1000 on an axis that holds every value, 1 and the margin. */
export function axis(rows: readonly ForestRow[], margin: number): (value: number) => number {
  const known = rows.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const positive = [...known, 1, margin].filter((value) => value > 0 && Number.isFinite(value));
  const low = Math.log(Math.min(...positive));
  const high = Math.log(Math.max(...positive));
  const room = Math.max(high - low, 0.02) * ROOM;
  return (value) => {
    const at = value > 0 ? Math.log(value) : low - room;
    return WIDE * Math.min(1, Math.max(0, (at - low + room) / (high - low + 2 * room)));
  };
}

export function Forest({ rows, margin, label }: ForestProps) {
  const place = axis(rows, margin);
  return (
    <div class="forest" role="list" aria-label={label}>
      {rows.map((row, at) => (
        <div
          key={at}
          role="listitem"
          class={row.strong === true ? "strong" : row.left ? "left" : undefined}
          title={row.left ?? undefined}
        >
          <span class="of">
            {row.label}
            {row.aside !== undefined && <small> {row.aside}</small>}
          </span>
          <svg viewBox={`0 0 ${WIDE} 20`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <path class="even" d={`M${place(1)} 0v20`} vector-effect="non-scaling-stroke" />
            <path class="margin" d={`M${place(margin)} 0v20`} vector-effect="non-scaling-stroke" />
            {row.low !== null && row.high !== null && (
              <path
                class={`whisker is-${toneOf(row, margin)}`}
                d={`M${place(row.low)} 6v8m0-4H${place(row.high)}m0-4v8`}
                vector-effect="non-scaling-stroke"
              />
            )}
            <path
              class={`dot is-${toneOf(row, margin)}`}
              d={`M${place(row.value)} 10h.01`}
              vector-effect="non-scaling-stroke"
            />
          </svg>
          <b>
            {row.low === null && row.high === null
              ? bare(row.value)
              : ratio(row.value, row.low, row.high, margin)}
          </b>
        </div>
      ))}
    </div>
  );
}

const bare = (value: number) => ratio(value, null, null).replace(", no interval", "");

function toneOf({ low, high, value }: ForestRow, margin: number): string {
  if ((high ?? value) < 1) return "better";
  return (low ?? value) > margin ? "worse" : "open";
}
