/** Every metric of a comparison: both sides, what moved, how much was allowed, and the verdict. */

import { Table } from "../parts/table";
import { Verdict } from "../parts/verdict";
import type { Comparison, Metric } from "../proof_view";
import { VERDICT, allowed, effect, labelOf, level, wordOf } from "./words";

export function Metrics({ comparison }: { comparison: Comparison }) {
  const { metrics } = comparison;
  const shown = [...metrics].sort((one, other) => rank(one) - rank(other));
  const noted = shown.filter((metric) => metric.note !== null);
  const floors = shown.some((metric) => metric.floor !== null);
  return (
    <>
      <Table
        caption="Sides A and B: B/A is below 1 where B is better; counts and errors by their difference"
        rowClass={(metric) => (metric.judged ? "main" : undefined)}
        first={12}
        columns={[
          { name: "metric", cell: (metric) => labelOf(metric) },
          {
            name: "verdict",
            cell: (metric) => <Verdict mark={VERDICT[metric.verdict].mark} word={wordOf(metric)} />,
          },
          { name: "A", number: true, cell: (metric) => level(metric.a, metric.unit) },
          { name: "B", number: true, cell: (metric) => level(metric.b, metric.unit) },
          { name: "B/A", number: true, cell: (metric) => <span class="line">{effect(metric)}</span> },
          { name: "allowed", number: true, cell: (metric) => allowed(metric) },
          ...(floors
            ? [
                {
                  name: "noise floor",
                  number: true,
                  cell: ({ floor, ratio, unit }: Metric) =>
                    floor === null
                      ? ""
                      : ratio === null
                        ? level(floor, unit)
                        : `${((floor - 1) * 100).toPrecision(3)} %`,
                },
              ]
            : []),
          { name: "by", cell: (metric) => <small>{metric.method}</small> },
        ]}
        rows={shown}
      />
      {noted.slice(0, 4).map((metric) => (
        <p key={labelOf(metric)} class="note">
          <b>{labelOf(metric)}</b>: {metric.note}
        </p>
      ))}
    </>
  );
}

/** What is judged first, then what moved, then the rest as they came. */
function rank(metric: Metric): number {
  if (metric.judged) return 0;
  if (metric.verdict === "slower") return 1;
  if (metric.slo !== null) return 2;
  return metric.method === "by count" && metric.a !== metric.b ? 3 : 4;
}
