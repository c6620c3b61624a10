/** The page of an experiment: two sides, one answer; of a gate its guardrails first. */

import { instant, plural, unbroken } from "../format";
import { PageHeader } from "../parts/header";
import { Table } from "../parts/table";
import { Shape, Verdict } from "../parts/verdict";
import { Story, VerdictLine } from "../proof/story";
import { GATE, guardValue } from "../proof/words";
import type { ExperimentView, GateReport, GuardResult } from "../proof_view";

export function ExperimentPage({ view, home }: { view: ExperimentView; home: boolean }) {
  const { proof, gate } = view;
  const settled = view.status !== "running" && view.status !== "crashed";
  return (
    <>
      <PageHeader>
        {home ? <a href="/">Loadstone</a> : <b>Loadstone</b>} <span>experiment</span>{" "}
        <code>{view.experiment}</code> <span>{instant(proof.started_ns)}</span>
      </PageHeader>
      <main>
        <section id="answer" aria-labelledby="answer-heading">
          <h1 id="answer-heading">
            {settled ? unbroken((gate ?? proof.comparison).sentence) : unsettled(view)}
          </h1>
          <div class="verdicts">
            {gate !== null && (
              <p class={`verdict-line is-${gate.verdict}`}>
                <Shape mark={gate.verdict} />
                <b>{GATE[gate.verdict]}</b>
                <span>{gate.decided_by === null ? "" : `by ${gate.decided_by}`}</span>
              </p>
            )}
            {gate === null && settled && <VerdictLine comparison={proof.comparison} />}
          </div>
          {!settled && <p class="note">These are the numbers of its last look, and no verdict yet.</p>}
          {gate !== null && <Guards gate={gate} />}
          {proof.base_report !== null && (
            <p class="note">
              It was found in the run <a href={proof.base_report}>{runOf(proof.base_report)}</a>.
            </p>
          )}
          <Story proof={settled ? proof : { ...proof, next_step: null }} />
        </section>
      </main>
    </>
  );
}

function Guards({ gate }: { gate: GateReport }) {
  return (
    <>
      <Table
        caption="Guardrails"
        columns={[
          { name: "guardrail", cell: ({ guard }: GuardResult) => guard.name },
          {
            name: "verdict",
            cell: ({ verdict }: GuardResult) => <Verdict mark={verdict} word={GATE[verdict]} />,
          },
          {
            name: "measured",
            number: true,
            cell: (one: GuardResult) => <span class="line">{guardValue(one)}</span>,
          },
          { name: "allowed", number: true, cell: ({ guard }: GuardResult) => guard.text },
        ]}
        rows={gate.results}
      />
      {gate.results
        .filter(({ verdict }) => verdict !== "pass")
        .map(({ guard, sentence, settle }) => (
          <p key={guard.name} class="note">
            {unbroken(sentence)} {settle !== null && unbroken(settle)}
          </p>
        ))}
      {gate.found !== null && (
        <p>
          The candidate has a fault that the base has not: {unbroken(gate.found.title)}{" "}
          <code>{gate.found.fault}</code>
        </p>
      )}
      {gate.cause !== null && (
        <p>
          {unbroken(gate.cause.sentence)}
          {gate.cause.where !== null && (
            <>
              {" "}
              <code>{gate.cause.where}</code>
            </>
          )}
        </p>
      )}
    </>
  );
}

function unsettled({ status, proof }: ExperimentView): string {
  const { pairs, planned } = proof.comparison.design;
  const made = `${pairs} of ${plural(planned, "pair")}`;
  return status === "running"
    ? `The experiment goes on: ${made} so far.`
    : `The experiment broke off after ${made}.`;
}

/** The run that a link means: its report's folder on a disk, its address on a server. */
const runOf = (link: string) => /\d{8}T\d{6}-[0-9a-f]+/.exec(link)?.[0] ?? link;
