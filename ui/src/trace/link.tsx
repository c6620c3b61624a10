/** A link to a trace by its id, where this page or its server can draw it; else the id alone. */

import { useContext } from "preact/hooks";
import { ServedPage } from "../live/served";
import { DrawnTraces } from "./source";

/** Digits that are shown: enough to tell two of a run apart. */
const SHOWN = 8;

export function TraceLink({ id }: { id: string }) {
  const served = useContext(ServedPage);
  const drawn = useContext(DrawnTraces);
  const short = id.length > 2 * SHOWN ? `…${id.slice(-SHOWN)}` : id;
  if (served === null && !drawn.some(({ row }) => row.trace_id === id))
    return <code title={id}>{short}</code>;
  return (
    <a class="trace-link" href={`#trace-${encodeURIComponent(id)}`} title={id} aria-label={`trace ${id}`}>
      {short}
    </a>
  );
}
