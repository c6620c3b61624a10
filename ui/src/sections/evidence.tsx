/** What was seen inside the service, from the single request to the whole of the processes, and how far it reaches. */

import { count, plural } from "../format";
import { Section } from "../parts/section";
import type { EvidenceView, RunView } from "../run_view";
import { CoverageParts } from "./coverage";
import { Flames } from "./flames";
import { Statements } from "./statements";
import { Traces } from "./traces";
import { Waits } from "./waits";

export function EvidenceSection({ view }: { view: RunView }) {
  const { evidence } = view;
  return (
    <Section id="evidence" title="Evidence">
      {evidence === null ? (
        <p>
          {view.summary.status === "running" ? (
            "Evidence is read once the run has ended."
          ) : (
            <>
              No evidence was collected; <code>loadstone run --evidence</code> does.
            </>
          )}
        </p>
      ) : (
        <>
          <p>{origin(evidence)}</p>
          {evidence.notes.map((note) => (
            <p key={note} class="note">
              {note}
            </p>
          ))}
          <Traces evidence={evidence} />
          <Flames flames={evidence.flames} />
          <Statements evidence={evidence} />
          <Waits waits={evidence.waits} />
          <CoverageParts evidence={evidence} />
        </>
      )}
    </Section>
  );
}

/** Which run this was seen in, in a sentence. */
export function origin({ origin, run, audit }: EvidenceView): string {
  const failed = audit.filter((check) => check.outcome === "fail").length;
  const blind = audit.filter((check) => check.outcome === "could not look").length;
  const seen =
    origin === "observed run"
      ? `Seen in ${run}, a second run of the same seed with collectors on; the latencies above are of the bare run.`
      : `Seen in this run, ${run}.`;
  if (audit.length === 0) return seen;
  const held = audit.length - failed - blind;
  const parts = [`${count(held)} of ${plural(audit.length, "count")} agree`];
  if (failed > 0) parts.push(`${count(failed)} do${failed === 1 ? "es" : ""} not`);
  if (blind > 0) parts.push(`${count(blind)} could not be made`);
  return `${seen} ${parts.join(", ")}.`;
}
