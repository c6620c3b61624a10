/** The observer's price: the bare run beside the observed one of the same seed, and their difference with its interval. */

import { duration, share } from "../format";
import { measured } from "../measure";
import { Table } from "../parts/table";
import type { CostRow, EvidenceView } from "../run_view";

export function Price({ evidence }: { evidence: EvidenceView }) {
  const { cost } = evidence;
  if (cost.length === 0) return null;
  return (
    <div id="price">
      <h3>
        <a class="anchor" href="#price">
          What did observing cost?
        </a>
      </h3>
      <p>{answer(cost)}</p>
      <Table
        caption={`The bare run and the observed one of the same seed${cost.some(({ low }) => low !== null) ? "; in brackets the 95 % interval of the difference" : ""}`}
        columns={[
          { name: "", cell: (row) => row.name },
          { name: "bare", number: true, cell: (row) => measured(row.bare, row.unit) },
          { name: "observed", number: true, cell: (row) => measured(row.observed, row.unit) },
          {
            name: "difference",
            number: true,
            cell: (row) => (
              <>
                {signed(difference(row), row.unit)}
                {row.low !== null && row.high !== null && (
                  <small>
                    {" "}
                    [{signed(row.low, row.unit)}, {signed(row.high, row.unit)}]
                  </small>
                )}
              </>
            ),
          },
          { name: "of the bare", number: true, cell: (row) => relative(row) },
        ]}
        rows={cost}
      />
    </div>
  );
}

function difference({ bare, observed }: CostRow): number | null {
  return bare === null || observed === null ? null : observed - bare;
}

/** With its sign: a price is paid or not. */
function signed(value: number | null, unit: string): string {
  if (value === null) return measured(null, unit);
  if (value === 0) return measured(0, unit);
  return `${value < 0 ? "−" : "+"}${measured(Math.abs(value), unit)}`;
}

function relative(row: CostRow): string {
  const by = difference(row);
  if (by === null || row.bare === null || row.bare === 0) return "";
  return signed(by / row.bare, "share");
}

/** Whether the price is more than chance: only an interval that leaves out nought says so. */
export function answer(cost: readonly CostRow[]): string {
  const sure = cost.filter(({ low, high }) => low !== null && high !== null && (low > 0 || high < 0));
  if (!cost.some(({ low }) => low !== null))
    return "Causes come from the observed run, latency verdicts from the bare one.";
  if (sure.length === 0) return "No difference between the two runs is more than chance.";
  const told = sure.slice(0, 3).map((row) => {
    const by = difference(row) ?? 0;
    const amount =
      row.unit === "s"
        ? duration(Math.abs(by))
        : row.unit === "share"
          ? share(Math.abs(by))
          : measured(Math.abs(by), row.unit);
    return `${row.name} ${by < 0 ? "fell" : "rose"} by ${amount}`;
  });
  return `Observed, ${told.join(", ")}: latency verdicts come from the bare run.`;
}
