/** The kept traces as a list to pick from, and the picked one as a waterfall. */

import { useEffect, useRef, useState } from "preact/hooks";
import { clock, count, duration, plural, stepName } from "../format";
import { Table } from "../parts/table";
import type { EvidenceView, TraceRow } from "../run_view";
import { useTrace } from "../trace/source";
import { Waterfall } from "../trace/waterfall";

const LINK = "#trace-";

/** The trace that the address means, or null. */
function linked(): string | null {
  if (!location.hash.startsWith(LINK)) return null;
  try {
    return decodeURIComponent(location.hash.slice(LINK.length)).toLowerCase();
  } catch {
    return null;
  }
}

export function Traces({ evidence }: { evidence: EvidenceView }) {
  const [picked, setPicked] = useState<string | null>(linked);
  const shown = picked ?? evidence.drawn[0]?.row.trace_id ?? evidence.traces[0]?.trace_id ?? null;
  const sought = useTrace(shown);
  const figure = useRef<HTMLElement>(null);
  useEffect(() => {
    const follow = () => {
      const id = linked();
      if (id === null) return;
      setPicked(id);
      figure.current?.scrollIntoView();
    };
    if (linked() !== null) requestAnimationFrame(() => figure.current?.scrollIntoView());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  if (shown === null) {
    return (
      <div id="traces">
        <h3>
          <a class="anchor" href="#traces">
            Where did a request spend its time?
          </a>
        </h3>
        <p>No trace was kept: {evidence.spans === 0 ? "no span was collected" : "none of them is whole"}.</p>
      </div>
    );
  }
  const pick = (id: string) => {
    setPicked(id);
    // A report opened from a disk may refuse to change its address; the choice stands all the same.
    try {
      history.replaceState(null, "", LINK + id);
    } catch {
      return;
    }
  };
  return (
    <>
      <div id="traces">
        <h3>
          <a class="anchor" href="#traces">
            Where did a request spend its time?
          </a>
        </h3>
        <p>
          {plural(evidence.spans, "span")} collected, {plural(evidence.traces.length, "trace")} kept to look
          at.
        </p>
        <TraceList rows={evidence.traces} shown={shown} onPick={pick} />
      </div>
      <section class="trace" id={`trace-${shown}`} aria-labelledby="trace-heading" ref={figure}>
        <h3 id="trace-heading">
          <a class="anchor" href={LINK + shown}>
            {sought?.state === "drawn" ? titleOf(sought.trace.row) : `Trace ${shown}`}
          </a>
        </h3>
        {sought?.state === "drawn" ? (
          <>
            <p>
              <span class="aside">
                {WHY[sought.trace.row.why] ?? sought.trace.row.why} · {clock(sought.trace.row.at_s, 1)} ·{" "}
                {plural(sought.trace.row.spans, "span")} · <code>{shown}</code>
              </span>
            </p>
            <Waterfall key={shown} trace={sought.trace} />
          </>
        ) : sought?.state === "loading" ? (
          <p role="status">Fetching the trace from the archive.</p>
        ) : (
          <p role="status">{sought?.reason}</p>
        )}
      </section>
    </>
  );
}

const WHY: Record<string, string> = {
  slowest: "among the slowest",
  typical: "typical, at the median",
  failed: "failed",
  first: "the first",
};

function titleOf(row: TraceRow): string {
  return `${row.name}, ${duration(row.duration_s)}`;
}

function TraceList({ rows, shown, onPick }: { rows: TraceRow[]; shown: string; onPick(id: string): void }) {
  const longest = rows.reduce((most, row) => Math.max(most, row.duration_s), 0);
  return (
    <div class="picks">
      <Table
        caption="Kept traces; pick one to see it below"
        rows={rows}
        rowClass={(row) => (row.trace_id === shown ? "picked" : undefined)}
        columns={[
          {
            name: "trace",
            cell: (row) => (
              <label class="pick">
                <input
                  type="radio"
                  name="trace"
                  checked={row.trace_id === shown}
                  onChange={() => onPick(row.trace_id)}
                />
                <span>{row.name}</span>
              </label>
            ),
          },
          {
            name: "kept as",
            cell: (row) => <span class={row.why === "failed" ? "erred" : undefined}>{row.why}</span>,
          },
          { name: "took", number: true, cell: (row) => duration(row.duration_s) },
          { name: "to scale", cell: (row) => <Length row={row} longest={longest} /> },
          { name: "spans", number: true, cell: (row) => count(row.spans) },
          {
            name: "step",
            cell: (row) => (row.journey === null ? "" : stepName(row.journey, row.step)),
          },
          { name: "at", number: true, cell: (row) => clock(row.at_s, 1) },
          { name: "error", cell: (row) => (row.error ? <b class="erred">✕ error</b> : "") },
        ]}
      />
    </div>
  );
}

const BAR = 120;

function Length({ row, longest }: { row: TraceRow; longest: number }) {
  const width = longest > 0 ? (BAR * row.duration_s) / longest : 0;
  return (
    <svg class="bar" width={BAR} height="14" aria-hidden="true" focusable="false">
      <rect class="long" y="2" width={Math.max(1, width)} height="10" />
    </svg>
  );
}
