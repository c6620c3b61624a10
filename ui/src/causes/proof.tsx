/** The evidence of one finding: a request with it beside one without, the plan, the flame graph. */

import { useMemo, useState } from "preact/hooks";
import type { CauseDrawings, Finding, Marked } from "../causes_view";
import { count, duration, plural, share } from "../format";
import { PlanTree } from "../plan/tree";
import type { EvidenceView, TraceView } from "../run_view";
import { Profile } from "../sections/flames";
import { TraceLink } from "../trace/link";
import { covered } from "../trace/outline";
import { type Sought, useTrace } from "../trace/source";
import { Waterfall } from "../trace/waterfall";

export function provable({ exemplars }: Finding, drawings: CauseDrawings | undefined): boolean {
  return (
    exemplars.length > 0 || (drawings !== undefined && (drawings.plan !== null || drawings.flame !== null))
  );
}

interface ProofProps {
  finding: Finding;
  drawings: CauseDrawings | undefined;
  evidence: EvidenceView | null;
}

export function Proof({ finding, drawings, evidence }: ProofProps) {
  const plan = evidence?.plans[drawings?.plan ?? -1];
  const flame = evidence?.flames[drawings?.flame ?? -1];
  return (
    <>
      {finding.exemplars.length > 0 && <Requests finding={finding} />}
      {plan !== undefined && (
        <section aria-label="The plan">
          <h4>How the database answers it</h4>
          <PlanTree plan={plan} />
        </section>
      )}
      {flame !== undefined && (
        <section aria-label="The flame graph">
          <h4>Which code ran</h4>
          <Profile view={flame} first={drawings?.frame ?? ""} />
        </section>
      )}
    </>
  );
}

/** The guilty request and the clean one, one above the other, to the same scale until the reader asks for two. */
function Requests({ finding }: { finding: Finding }) {
  const guilty = finding.exemplars.filter((one) => !one.clean);
  const clean = finding.exemplars.find((one) => one.clean);
  const [at, setAt] = useState(0);
  const [alike, setAlike] = useState(true);
  const picked = guilty[at] ?? guilty[0];
  const seen = useTrace(picked?.trace_id ?? null);
  const compared = useTrace(clean?.trace_id ?? null);
  const scale = alike && clean !== undefined ? Math.max(lengthOf(seen), lengthOf(compared)) : undefined;
  return (
    <>
      {(guilty.length > 1 || clean !== undefined) && (
        <div class="proof-tools">
          {guilty.length > 1 && (
            <fieldset class="choice">
              <legend>Request</legend>
              {guilty.map((one, place) => (
                <label key={one.trace_id}>
                  <input
                    type="radio"
                    name={`exemplar-${finding.fingerprint}`}
                    checked={place === at}
                    onChange={() => setAt(place)}
                  />{" "}
                  {place === 0 ? "that lost most" : place === 1 ? "that lost what is usual" : `${place + 1}`}
                </label>
              ))}
            </fieldset>
          )}
          {clean !== undefined && (
            <label class="check">
              <input type="checkbox" checked={alike} onChange={() => setAlike(!alike)} />
              <span>both to the same scale</span>
            </label>
          )}
        </div>
      )}
      {picked !== undefined && <Exemplar key={picked.trace_id} marked={picked} sought={seen} scale={scale} />}
      {clean !== undefined && <Exemplar marked={clean} sought={compared} scale={scale} />}
    </>
  );
}

const lengthOf = (sought: Sought | null) => (sought?.state === "drawn" ? sought.trace.row.duration_s : 0);

interface ExemplarProps {
  marked: Marked;
  sought: Sought | null;
  scale: number | undefined;
}

function Exemplar({ marked, sought, scale }: ExemplarProps) {
  const trace = sought?.state === "drawn" ? sought.trace : null;
  const offending = useMemo(
    () => new Set(trace === null ? [] : placesOf(trace, marked.span_ids)),
    [trace, marked],
  );
  return (
    <section class="exemplar" aria-label={marked.clean ? "A request without it" : "A request with it"}>
      <h4>
        {marked.clean ? "A request without it" : "A request with it"}
        {trace !== null && <>, {duration(trace.row.duration_s)}</>}
      </h4>
      {trace === null ? (
        <p role="status">
          {sought?.state === "loading" ? "Fetching the trace from the archive." : reasonOf(sought)}
        </p>
      ) : (
        <>
          <p class="note">
            {trace.row.name} · {plural(trace.row.spans, "span")} · trace <TraceLink id={marked.trace_id} />
            {!marked.clean && <> · {blame(trace, offending, marked.span_ids.length)}</>}
          </p>
          <Waterfall trace={trace} offending={offending} scale={scale} brief={marked.clean} />
        </>
      )}
    </section>
  );
}

const reasonOf = (sought: Sought | null) => (sought !== null && "reason" in sought ? sought.reason : "");

export function placesOf({ spans }: TraceView, ids: readonly string[]): number[] {
  const wanted = new Set(ids);
  return spans.flatMap(({ id }, at) => (wanted.has(id) ? [at] : []));
}

/** "41 offending spans take 736 ms, 73 % of the trace". */
export function blame(trace: TraceView, offending: ReadonlySet<number>, wanted: number): string {
  if (wanted === 0) return "no single span is to blame";
  const spans = [...offending].flatMap((at) => trace.spans[at] ?? []);
  if (spans.length === 0)
    return `its ${plural(wanted, "offending span")} ${wanted === 1 ? "is" : "are"} not drawn`;
  const busy = covered(spans.map(({ start_s, duration_s }) => [start_s, start_s + duration_s]));
  const whole = trace.row.duration_s;
  const part = whole > 0 ? `, ${share(busy / whole)} of the trace` : "";
  const left = wanted > spans.length ? `; ${count(wanted - spans.length)} more are not drawn` : "";
  return `${plural(spans.length, "offending span")} take${spans.length === 1 ? "s" : ""} ${duration(busy)}${part}${left}`;
}
