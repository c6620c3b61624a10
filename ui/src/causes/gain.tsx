/** What a finding's cure would gain: before and after to one scale, the interval drawn as well as written. */

import type { Finding, Predicted } from "../causes_view";
import { bounded, changeOf, signed } from "./words";

const WIDE = 1000;

export function Gain({ finding }: { finding: Finding }) {
  const { predicted } = finding;
  if (predicted === null) {
    return <p class="note">What its cure would gain was not predicted.</p>;
  }
  const { at, before, after, least, refused } = changeOf(predicted);
  const full = Math.max(before ?? 0, after?.high ?? 0);
  const place = (value: number) => (full > 0 ? (WIDE * Math.min(Math.max(value, 0), full)) / full : 0);
  const most = before !== null && least !== null ? Math.max(0, before - least) : null;
  return (
    <>
      <div class="gain">
        {before !== null && (
          <div>
            <span class="of">{at} now</span>
            <Bar>
              <rect class="before" y="4" width={place(before)} height="12" />
            </Bar>
            <b>{signed(before)}</b>
          </div>
        )}
        {after !== null && (
          <div>
            <span class="of">without it</span>
            <Bar>
              <rect class="after" y="4" width={Math.max(2, place(after.value))} height="12" />
              <path
                class="whisker"
                d={`M${place(after.low)} 5v10m0-5H${place(after.high)}m0-5v10`}
                vector-effect="non-scaling-stroke"
              />
            </Bar>
            <b>{bounded(after)}</b>
          </div>
        )}
        {after === null && least !== null && (
          <div>
            <span class="of">without it</span>
            <Bar>
              {most !== null && (
                <rect
                  class="at-most"
                  x="1"
                  y="4"
                  width={place(most)}
                  height="12"
                  vector-effect="non-scaling-stroke"
                />
              )}
            </Bar>
            <b>at least {signed(least)} less</b>
          </div>
        )}
      </div>
      {refused !== null && <p class="note">No number is predicted: {refused}.</p>}
      {after !== null && <p class="note">{parts(predicted)}</p>}
    </>
  );
}

export function Bar({ children }: { children: preact.ComponentChildren }) {
  return (
    <svg
      class="gain-bar"
      viewBox={`0 0 ${WIDE} 20`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

/** Why it falls, and what the other quantiles do. */
function parts(predicted: Predicted): string {
  const { at, service, queue, before_s, basis } = predicted;
  const why = [
    service === null ? "" : `${signed(service.value)} by less work`,
    queue === null ? "" : `${signed(queue.value)} by less waiting`,
  ].filter(Boolean);
  const others = (["p50", "p95", "p99"] as const).flatMap((name) => {
    const after = predicted[`${name}_s`];
    const before = before_s[name];
    if (name === at || after === null || before === undefined) return [];
    return `${name} ${signed(before)} → ${bounded(after)}`;
  });
  const seen = basis === "bare" ? "" : "as observed, with what observing costs";
  return [why.join(", "), ...others, seen].filter(Boolean).join("; ");
}
