/** What slow requests have that others have not. */

import type { TailRow } from "../causes_view";
import { count, share, significant, stepName } from "../format";
import { Table } from "../parts/table";
import { TraceLink } from "../trace/link";
import { signed } from "./words";

export function Tail({ rows }: { rows: TailRow[] }) {
  return (
    <div id="tail">
      <h3>
        <a class="anchor" href="#tail">
          What do slow requests have in common?
        </a>
      </h3>
      {rows.length === 0 ? (
        <p>Nothing that other requests of the same step have not as often.</p>
      ) : (
        <Table
          caption="Properties of the slow requests of a step; times as often with its 95 % interval"
          first={12}
          rows={rows}
          columns={[
            {
              name: "property",
              cell: (row) => (
                <div class="statement">
                  <code>
                    {row.attribute} = {row.value}
                  </code>
                  {row.goes_with.length > 0 && <small>goes with {row.goes_with.join(", ")}</small>}
                </div>
              ),
            },
            { name: "step", cell: (row) => stepName(row.journey ?? "", row.step).replace(/^\./, "") },
            { name: "of the slow", number: true, cell: (row) => share(row.slow_share) },
            { name: "of the others", number: true, cell: (row) => share(row.normal_share) },
            {
              name: "times as often",
              number: true,
              cell: ({ lift }) => (
                <>
                  {significant(lift.value)}{" "}
                  <small>
                    [{significant(lift.low)}, {significant(lift.high)}]
                  </small>
                </>
              ),
            },
            { name: "slower by", number: true, cell: (row) => signed(row.effect_s) },
            { name: "requests", number: true, cell: (row) => count(row.requests) },
            {
              name: "example",
              cell: ({ trace_ids: [id] }) => (id === undefined ? "" : <TraceLink id={id} />),
            },
          ]}
        />
      )}
    </div>
  );
}
