/** The first screen of evidence without a load of ours: gathered from a running service, or imported from files. */

import { count, plural, unbroken } from "../format";
import { Section } from "../parts/section";
import type { EvidenceView, RunView } from "../run_view";
import { ENDED } from "./answer";
import { HostCharts } from "./host";

export function Collected({ view }: { view: RunView }) {
  const ended = ENDED[view.summary.status];
  return (
    <section id="answer" aria-labelledby="answer-heading">
      <h1 id="answer-heading">{unbroken(view.headline)}</h1>
      {ended !== null && <p class="ended">{ended}</p>}
      {view.evidence !== null && (
        <dl class="facts">
          {amounts(view.evidence).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <p>Loadstone drove nothing here, so there is no latency of its own to judge.</p>
    </section>
  );
}

export function Machine({ view }: { view: RunView }) {
  if (view.evidence === null || view.evidence.host.length === 0) return null;
  return (
    <Section id="machine" title="Machine">
      <HostCharts view={view} />
    </Section>
  );
}

function amounts({ spans, traces, flames, statements, audit }: EvidenceView): [string, string][] {
  const samples = flames.reduce((sum, flame) => sum + flame.samples, 0);
  const held = audit.filter((check) => check.outcome === "pass").length;
  return [
    ["spans", count(spans)],
    ["traces kept", count(traces.length)],
    ["statements", count(statements.length)],
    ["stack samples", count(samples)],
    ["counts that agree", `${count(held)} of ${plural(audit.length, "count")}`],
  ];
}
