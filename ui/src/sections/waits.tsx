/** Waiting that is no span: database waits and locks, pools, garbage collections. */

import { count, duration } from "../format";
import { SortedTable } from "../parts/sorted_table";
import type { WaitView } from "../run_view";

export function Waits({ waits }: { waits: WaitView[] }) {
  if (waits.length === 0) return null;
  const sampled = waits.some((wait) => wait.sampled);
  return (
    <div id="waits">
      <h3>
        <a class="anchor" href="#waits">
          What was waited for?
        </a>
      </h3>
      {sampled && (
        <p class="note">
          A sampled wait was seen at so many looks; its time is that number times the interval between looks.
        </p>
      )}
      <SortedTable
        caption="Waits by kind and name"
        quiet
        first={15}
        sorted={{ by: "total", down: true }}
        rows={waits}
        columns={[
          { name: "wait", value: (wait) => wait.name, cell: (wait) => <code>{wait.name}</code> },
          { name: "kind", value: (wait) => wait.kind, cell: (wait) => wait.kind },
          {
            name: "total",
            number: true,
            value: (wait) => wait.total_s,
            cell: (wait) => duration(wait.total_s),
          },
          {
            name: "times",
            number: true,
            value: (wait) => wait.count,
            cell: (wait) => (wait.sampled ? `${count(wait.count)} looks` : count(wait.count)),
          },
          {
            name: "mean",
            number: true,
            value: (wait) => (wait.sampled ? null : mean(wait)),
            cell: (wait) => (wait.sampled ? "sampled" : duration(mean(wait))),
          },
          { name: "example", cell: (wait) => (wait.example === null ? "" : <code>{wait.example}</code>) },
        ]}
      />
    </div>
  );
}

const mean = (wait: WaitView) => (wait.count > 0 ? wait.total_s / wait.count : null);
