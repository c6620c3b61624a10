/** Why it takes this long: the diagnosis' sentence, each cause with its proof, where the time goes, what was looked for. */

import { useEffect, useState } from "preact/hooks";
import { FindingItem } from "../causes/finding";
import { Looked } from "../causes/looked";
import { Paths } from "../causes/paths";
import { Tail } from "../causes/tail";
import { anchorOf, linkedFinding } from "../causes/words";
import type { CausesView, Finding } from "../causes_view";
import { plural, unbroken } from "../format";
import { Section } from "../parts/section";
import type { RunView } from "../run_view";

export function CausesSection({ view }: { view: RunView }) {
  return (
    <Section id="causes" title="Why does it take this long?">
      {view.causes === null ? <Undiagnosed view={view} /> : <Diagnosed view={view} causes={view.causes} />}
    </Section>
  );
}

function Undiagnosed({ view }: { view: RunView }) {
  if (view.summary.status === "running") return <p>Causes are looked for once the run has ended.</p>;
  if (view.evidence === null) {
    return (
      <p>
        No cause can be named without evidence; <code>loadstone run --evidence</code> collects it.
      </p>
    );
  }
  return (
    <p>
      Not diagnosed yet: <code>loadstone diagnose {view.manifest.run}</code> names the causes.
    </p>
  );
}

function Diagnosed({ view, causes }: { view: RunView; causes: CausesView }) {
  const { diagnosis, drawings } = causes;
  const { findings } = diagnosis;
  const linked = useLinked(findings);
  const none = findings.length === 0;
  return (
    <>
      <p class="lead">{unbroken(diagnosis.sentence)}</p>
      {none && diagnosis.looked_for.length > 0 && (
        <p>{plural(diagnosis.looked_for.length, "fault")} looked for, none of them found.</p>
      )}
      {findings.map((finding, at) => (
        <FindingItem
          key={`${finding.fingerprint}-${at}${finding === linked ? "-linked" : ""}`}
          finding={finding}
          all={findings}
          drawings={drawings[at]}
          evidence={view.evidence}
          linked={finding === linked}
          proved={
            finding.fingerprint === provedFinding(view) ? (view.proof?.comparison.sentence ?? null) : null
          }
        />
      ))}
      {diagnosis.paths.length > 0 && <Paths paths={diagnosis.paths} />}
      {diagnosis.traces > 0 && <Tail rows={diagnosis.tail} />}
      <Looked diagnosis={diagnosis} missing={view.evidence?.missing ?? []} />
    </>
  );
}

const provedFinding = ({ proof }: RunView) =>
  proof?.before?.fingerprint ?? proof?.comparison.blamed?.fingerprint ?? null;

/** The finding that the address means, brought into sight; a beginning of its fingerprint is enough. */
function useLinked(findings: readonly Finding[]): Finding | null {
  const [linked, setLinked] = useState(() => linkedFinding(location.hash, findings));
  useEffect(() => {
    const follow = () => {
      const found = linkedFinding(location.hash, findings);
      setLinked(found);
      if (found !== null)
        requestAnimationFrame(() => document.getElementById(anchorOf(found, findings))?.scrollIntoView());
    };
    if (linked !== null) follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [findings]);
  return linked;
}
