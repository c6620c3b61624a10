/** A row per step, the worst cell of each column marked, and what came back by status. */

import { useState } from "preact/hooks";
import { count, inUnit, share, sharedUnit } from "../format";
import { Section } from "../parts/section";
import { type Column, Table } from "../parts/table";
import type { LatencySet, RunView, StepSummary } from "../run_view";
import { KINDS, QUANTILES } from "./answer";

/** The row of the highest value among steps; none where fewer than two can be compared or all are nought. */
export function worstRow(
  rows: readonly StepSummary[],
  value: (row: StepSummary) => number | null,
): StepSummary | null {
  const steps = rows.filter((row) => row.step !== null && row.requests > 0);
  if (steps.length < 2) return null;
  let worst: StepSummary | null = null;
  let high = 0;
  for (const row of steps) {
    const found = value(row);
    if (found !== null && found > high) [worst, high] = [row, found];
  }
  return worst;
}

const errorShare = (row: StepSummary) => (row.requests > 0 ? row.errors / row.requests : null);

export function StepsSection({ view }: { view: RunView }) {
  const { steps } = view.summary;
  return (
    <Section id="steps" title="Steps">
      {steps.length === 0 ? (
        <p>No step: no request was completed.</p>
      ) : (
        <>
          <StepTable steps={steps} />
          <Results steps={steps} />
        </>
      )}
    </Section>
  );
}

function StepTable({ steps }: { steps: StepSummary[] }) {
  const [kind, setKind] = useState<keyof LatencySet>("response");
  const unit = sharedUnit(
    steps
      .filter((row) => row.step !== null)
      .flatMap((row) => QUANTILES.map(([key]) => row.latency_s[kind][key])),
  );
  const marked = (value: (row: StepSummary) => number | null) => {
    const worst = worstRow(steps, value);
    return (row: StepSummary) => (row === worst ? "worst" : undefined);
  };
  const columns: Column<StepSummary>[] = [
    {
      name: "step",
      cell: (row) =>
        row.step === null ? (
          <>
            {row.journey} <small>whole journey</small>
          </>
        ) : (
          row.step
        ),
    },
    { name: "requests", number: true, cell: (row) => count(row.requests) },
    { name: "errors", number: true, cell: (row) => count(row.errors), mark: marked((row) => row.errors) },
    {
      name: "errors,",
      unit: "%",
      number: true,
      cell: (row) => share(errorShare(row)).replace(" %", ""),
      mark: marked(errorShare),
    },
    ...QUANTILES.map(([key, name]) => ({
      name,
      unit: unit.name,
      number: true,
      cell: (row: StepSummary) => inUnit(row.latency_s[kind][key], unit),
      mark: marked((row) => row.latency_s[kind][key]),
    })),
  ];
  const chosen = KINDS.find(({ key }) => key === kind);
  return (
    <>
      <fieldset class="choice">
        <legend>time shown</legend>
        {KINDS.map(({ key, name }) => (
          <label key={key}>
            <input type="radio" name="kind" checked={key === kind} onChange={() => setKind(key)} />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <Table
        caption={`${chosen?.name ?? ""} time of each step, ${chosen?.says ?? ""}; the worst of a column is marked ▲`}
        columns={columns}
        rows={steps}
        rowClass={(row) => (row.step === null ? "group" : "member")}
      />
    </>
  );
}

function Results({ steps }: { steps: StepSummary[] }) {
  const rows = steps.filter((row) => row.step !== null);
  const results = [...new Set(rows.flatMap((row) => Object.keys(row.results)))].sort(byResult);
  if (results.length === 0) return null;
  return (
    <div id="results">
      <h3>
        <a class="anchor" href="#results">
          What came back?
        </a>
      </h3>
      <Table
        caption="Responses of each step by status or kind of error"
        quiet
        columns={[
          { name: "step", cell: (row) => `${row.journey}.${row.step}` },
          ...results.map((result) => ({
            name: result,
            number: true,
            cell: (row: StepSummary) => (row.results[result] === undefined ? "" : count(row.results[result])),
            mark: (row: StepSummary) =>
              row.results[result] !== undefined && failed(result) ? "erred" : undefined,
          })),
        ]}
        rows={rows}
      />
    </div>
  );
}

const failed = (result: string) => !/^[123]\d\d$/.test(result);

/** Statuses in their order, then kinds of error. */
function byResult(a: string, b: string): number {
  const number = (text: string) => (/^\d+$/.test(text) ? Number(text) : 1000);
  return number(a) - number(b) || (a < b ? -1 : 1);
}
