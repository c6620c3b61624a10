/** How far a workload is from traffic that it was not made of: a row a measure, 0 at the left, three marks on it. */

import type { Likeness } from "../traffic_view";

const WIDE = 1000;

/** Places from 0 to 1000 by the square root: near 0 lies what is to be told apart. */
export function axis(rows: readonly Likeness[]): (value: number) => number {
  const known = rows.flatMap(({ workload, naive, replay }) => [workload, naive, replay]);
  const most = Math.max(1e-9, ...known.map((told) => told?.high ?? told?.value ?? 0));
  return (value) => Math.round(WIDE * Math.sqrt(Math.max(0, value) / most));
}

/** `names` are those of the rows, as the table beside it has them. */
export function LikenessPicture({ rows, names }: { rows: Likeness[]; names: string[] }) {
  const place = axis(rows);
  return (
    <>
      <p class="note marks">
        <span class="ours">dot: the workload</span>
        <span class="naive">square: naive</span>
        <span class="replay">line: replay</span>
      </p>
      <div class="forest alike" role="list">
        {rows.map(({ workload, naive, replay, verdict }, at) => (
          <div key={at} role="listitem">
            <span class="of">{names[at]}</span>
            <svg viewBox={`0 0 ${WIDE} 20`} preserveAspectRatio="none" aria-hidden="true">
              <path class="even" d={`M0 0v20M0 10H${WIDE}`} />
              {naive && <path class="naive" d={`M${place(naive.value)} 10h.01`} />}
              {replay && <path class="replay" d={`M${place(replay.value)} 3v14`} />}
              {workload && (
                <>
                  <path
                    class="ours"
                    d={`M${place(workload.low ?? workload.value)} 10H${place(workload.high ?? workload.value)}`}
                  />
                  <path class="ours dot" d={`M${place(workload.value)} 10h.01`} />
                </>
              )}
            </svg>
            <b>{verdict}</b>
          </div>
        ))}
      </div>
    </>
  );
}
