/** How far the diagnosis reached: what was looked for, what could not be, and what limits the evidence. */

import type { Diagnosis } from "../causes_view";
import { plural, unbroken } from "../format";
import { Table } from "../parts/table";
import { Shape } from "../parts/verdict";
import type { Missing } from "../run_view";
import { allowing, grouped } from "./words";

interface LookedProps {
  diagnosis: Diagnosis;
  missing: readonly Missing[];
}

export function Looked({ diagnosis, missing: absent }: LookedProps) {
  const { looked_for, could_not_look, caveats, traces, spans } = diagnosis;
  return (
    <div id="looked">
      <h3>
        <a class="anchor" href="#looked">
          What was looked for?
        </a>
      </h3>
      <p>
        {looked_for.length === 0 ? "Nothing" : plural(looked_for.length, "fault")}
        {traces > 0 && `, in ${plural(traces, "trace")} of ${plural(spans, "span")}`}
        {could_not_look.length > 0 && `; ${plural(could_not_look.length, "fault")} could not be looked for`}.
      </p>
      {looked_for.length > 0 && (
        <ul class="codes" aria-label="Faults that were looked for">
          {looked_for.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ul>
      )}
      {could_not_look.length > 0 && (
        <Table
          caption="Faults that could not be looked for, so nothing says that they are not there"
          rows={grouped(could_not_look)}
          columns={[
            { name: "missing", cell: ([missing]) => unbroken(missing) },
            { name: "so not looked for", cell: ([, faults]) => <code>{faults.join(", ")}</code> },
            { name: "what would allow it", cell: ([missing]) => unbroken(allowing(missing, absent)) },
          ]}
        />
      )}
      <p class="note">
        What a fault is, what it needs and when it is wrong: <code>loadstone faults CODE</code>.
      </p>
      {caveats.length > 0 && (
        <ul class="caveats">
          {caveats.map((caveat) => (
            <li key={caveat} class="is-note">
              <Shape mark="note" />
              <p>{unbroken(caveat)}</p>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
