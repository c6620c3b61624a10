/** A row per step, the worst cell of each column marked, and what came back by status. */

import { useState } from "preact/hooks";
import { count, finestUnit, inUnit, share } from "../format";
import { Section } from "../parts/section";
import { type Column, Table } from "../parts/table";
import type { LatencySet, RunView, StepSummary } from "../run_view";
import { KINDS, QUANTILES } from "./answer";

/** The rows that show the column's highest value; none where fewer than two can be compared or all show the same. */
export function worstRows(
  rows: readonly StepSummary[],
  value: (row: StepSummary) => number | null,
  shown: (row: StepSummary) => string,
): Set<StepSummary> {
  const steps = rows.filter((row) => row.step !== null && row.requests > 0);
  let worst: StepSummary | null = null;
  for (const row of steps) {
    if ((value(row) ?? 0) > (worst === null ? 0 : (value(worst) ?? 0))) worst = row;
  }
  if (worst === null) return new Set();
  const text = shown(worst);
  const same = steps.filter((row) => shown(row) === text);
  return same.length === steps.length ? new Set() : new Set(same);
}

const errorShare = (row: StepSummary) => (row.requests > 0 ? row.errors / row.requests : null);

export function StepsSection({ view }: { view: RunView }) {
  const steps = byJourney(view.summary.steps);
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

/** Each journey as a whole, then its steps in their order. */
export function byJourney(steps: readonly StepSummary[]): StepSummary[] {
  const journeys = [...new Set(steps.map(({ journey }) => journey))];
  return journeys.flatMap((name) => {
    const mine = steps.filter(({ journey }) => journey === name);
    return [...mine.filter(({ step }) => step === null), ...mine.filter(({ step }) => step !== null)];
  });
}

function StepTable({ steps }: { steps: StepSummary[] }) {
  const [kind, setKind] = useState<keyof LatencySet>("response");
  const unit = finestUnit(steps.map((row) => row.latency_s[kind].p50));
  const numbers = (
    name: string,
    value: (row: StepSummary) => number | null,
    shown: (row: StepSummary) => string,
    unit?: string,
  ): Column<StepSummary> => {
    const worst = worstRows(steps, value, shown);
    const column = {
      name,
      number: true,
      cell: shown,
      mark: (row: StepSummary) => (worst.has(row) ? "worst" : undefined),
    };
    return unit === undefined ? column : { ...column, unit };
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
    numbers(
      "errors",
      (row) => row.errors,
      (row) => count(row.errors),
    ),
    numbers("errors,", errorShare, (row) => share(errorShare(row)).replace(/\s%/, ""), "%"),
    ...QUANTILES.map(([key, name]) =>
      numbers(
        name,
        (row) => row.latency_s[kind][key],
        (row) => inUnit(row.latency_s[kind][key], unit),
        unit.name,
      ),
    ),
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
        caption={`${titled(chosen?.name ?? "")} of each step, ${chosen?.says ?? ""}; the worst of a column is marked ▲`}
        columns={columns}
        rows={steps}
        rowClass={(row) => (row.step === null ? "group" : "member")}
      />
    </>
  );
}

const titled = (name: string) => name.slice(0, 1).toUpperCase() + name.slice(1);

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
