/** What was predicted beside what was measured, on one axis, intervals drawn. */

import { Bar } from "../causes/gain";
import { bounded } from "../causes/words";
import type { Bounded } from "../causes_view";
import { duration } from "../format";
import type { Comparison } from "../proof_view";
import { ratio } from "./words";

const WIDE = 1000;

export interface Bars {
  at: string;
  before: number | null;
  predicted: Bounded | null;
  measured: Bounded | null;
  refused: string | null;
}

/** The judged quantile of the finding's step; null where no finding was to be proved. */
export function barsOf(comparison: Comparison): Bars | null {
  const { blamed, predicted, measured, metrics } = comparison;
  if (blamed === null) return null;
  const at = predicted?.at ?? "p99";
  const own = metrics.find(
    (metric) =>
      metric.name === `${at} response` && metric.journey === blamed.journey && metric.step === blamed.step,
  );
  return {
    at,
    before: own?.a ?? null,
    predicted: predicted?.refused == null ? (predicted?.[`${at}_s`] ?? null) : null,
    measured: measured[`${at}_s`] ?? null,
    refused: predicted?.refused ?? null,
  };
}

export function Foretold({ comparison }: { comparison: Comparison }) {
  const bars = barsOf(comparison);
  if (bars === null) return null;
  const { at, before, predicted, measured, refused } = bars;
  const full = Math.max(before ?? 0, predicted?.high ?? 0, measured?.high ?? 0);
  const place = (value: number) => (full > 0 ? (WIDE * Math.min(Math.max(value, 0), full)) / full : 0);
  const side = comparison.measured.ratio;
  return (
    <>
      <div class="gain">
        {before !== null && (
          <div>
            <span class="of">{at} before, measured</span>
            <Bar>
              <rect class="before" y="4" width={place(before)} height="12" />
            </Bar>
            <b>{duration(before)}</b>
          </div>
        )}
        {predicted !== null && (
          <Row label="after, predicted" told={predicted} place={place} tone="foretold" />
        )}
        {measured !== null && <Row label="after, measured" told={measured} place={place} tone="after" />}
      </div>
      <p class="note">
        {predicted === null &&
          (refused === null
            ? "No gain was predicted under this load. "
            : `No number was predicted: ${refused}. `)}
        {side !== undefined && (
          <>
            Measured, B is {ratio(side.value, side.low, side.high)} of A
            {predicted !== null && comparison.predicted?.before_s[at] !== undefined && (
              <>; predicted were {predictedRatio(predicted, comparison.predicted.before_s[at])}</>
            )}
            .{" "}
          </>
        )}
        {predicted !== null &&
          !comparison.same_load &&
          "The prediction is an earlier run's, not that of the proof's own."}
      </p>
    </>
  );
}

const predictedRatio = ({ value, low, high }: Bounded, over: number) =>
  ratio(value / over, low / over, high / over);

interface RowProps {
  label: string;
  told: Bounded;
  tone: "foretold" | "after";
  place(value: number): number;
}

function Row({ label, told, tone, place }: RowProps) {
  return (
    <div>
      <span class="of">{label}</span>
      <Bar>
        <rect class={tone} y="4" width={Math.max(2, place(told.value))} height="12" />
        <path
          class="whisker"
          d={`M${place(told.low)} 5v10m0-5H${place(told.high)}m0-5v10`}
          vector-effect="non-scaling-stroke"
        />
      </Bar>
      <b>{bounded(told)}</b>
    </div>
  );
}
