/** Statements as traces saw them and as the database counted them, and the plan of each that has one. */

import { useState } from "preact/hooks";
import { MISSING, count, duration, plural, significant } from "../format";
import { SortedTable } from "../parts/sorted_table";
import { PlanTree } from "../plan/tree";
import type { EvidenceView, StatementView } from "../run_view";

export function Statements({ evidence }: { evidence: EvidenceView }) {
  const { statements, plans } = evidence;
  const [open, setOpen] = useState<StatementView | null>(() => linked(statements));
  if (statements.length === 0) {
    return (
      <div id="statements">
        <h3>
          <a class="anchor" href="#statements">
            Which statements cost the most?
          </a>
        </h3>
        <p>No statement was seen, neither in a span nor by the database.</p>
      </div>
    );
  }
  const shown = open === null ? null : (statements.find(({ text }) => text === open.text) ?? null);
  const plan = shown?.plan === null || shown === null ? undefined : plans[shown.plan];
  const place = statements.findIndex((one) => one === shown);
  return (
    <div id="statements">
      <h3>
        <a class="anchor" href="#statements">
          Which statements cost the most?
        </a>
      </h3>
      <p>{answer(statements)}</p>
      <SortedTable
        caption="Statements, their values left out"
        quiet
        first={12}
        sorted={{ by: "total", down: true }}
        rows={statements}
        rowClass={(row) => (row === shown ? "picked" : undefined)}
        columns={[
          {
            name: "statement",
            value: (row) => row.text,
            cell: (row) => <Text row={row} />,
          },
          number("total", (row) => row.total_s, duration),
          number("mean", (row) => row.mean_s, duration),
          number("p95", (row) => row.p95_s, duration),
          number("a request", (row) => row.per_request, significant),
          number("spans", (row) => row.spans, count),
          number("calls", (row) => row.calls, count),
          number("rows", (row) => row.rows, count),
          {
            name: "plan",
            cell: (row) =>
              row.plan === null ? (
                ""
              ) : (
                <button
                  type="button"
                  aria-expanded={row === shown}
                  aria-label={`Plan of ${row.text.slice(0, 80)}`}
                  onClick={() => setOpen(row === shown ? null : row)}
                >
                  {row === shown ? "Close" : "Plan"}
                </button>
              ),
          },
        ]}
      />
      {shown !== null && plan !== undefined && (
        <section id={`plan-${place + 1}`} class="plan-of" aria-labelledby="plan-heading">
          <h4 id="plan-heading">
            <a class="anchor" href={`#plan-${place + 1}`}>
              How the database answers it
            </a>
          </h4>
          <PlanTree plan={plan} />
        </section>
      )}
    </div>
  );
}

/** The statement whose plan the address means. */
function linked(statements: readonly StatementView[]): StatementView | null {
  const place = /^#plan-(\d+)$/.exec(location.hash)?.[1];
  return place === undefined ? null : (statements[Number(place) - 1] ?? null);
}

function number(name: string, value: (row: StatementView) => number | null, say: (value: number) => string) {
  return {
    name,
    number: true,
    value,
    cell: (row: StatementView) => {
      const known = value(row);
      return known === null ? MISSING : say(known);
    },
  };
}

function Text({ row }: { row: StatementView }) {
  const where = [row.db_system_name, row.where, row.steps.join(", ")].filter(Boolean).join(" · ");
  return (
    <div class="statement">
      <code>{row.text}</code>
      <small>{where}</small>
    </div>
  );
}

function answer(statements: StatementView[]): string {
  const total = statements.reduce((sum, row) => sum + row.total_s, 0);
  const [first] = statements.toSorted((a, b) => b.total_s - a.total_s);
  const calls = statements.reduce((sum, row) => sum + (row.calls ?? row.spans), 0);
  if (first === undefined || total <= 0) return plural(statements.length, "statement");
  const repeated = statements
    .filter((row) => (row.per_request ?? 0) >= 5)
    .toSorted((a, b) => (b.per_request ?? 0) - (a.per_request ?? 0))[0];
  const often =
    repeated === undefined ? "" : ` One runs ${significant(repeated.per_request ?? 0)} times a request.`;
  return `${plural(statements.length, "statement")}, ${plural(calls, "call")}, ${duration(total)} in all; the first takes ${Math.round((100 * first.total_s) / total)} %.${often}`;
}
