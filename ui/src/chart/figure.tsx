/** A chart's frame: the question as its title, the answer in a sentence, and the reason when there is nothing to draw. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface FigureProps {
  id: string;
  question: string;
  answer: string;
  /** Why there is nothing to draw, or null. */
  empty: string | null;
  children: ComponentChildren;
  note?: string;
  /** The same numbers as a table, made when it is asked for. */
  table?: () => ComponentChildren;
}

export function Figure({ id, question, answer, empty, children, note, table }: FigureProps) {
  return (
    <figure id={id} aria-labelledby={`${id}-title`}>
      <figcaption>
        <h3 id={`${id}-title`}>
          <a class="anchor" href={`#${id}`}>
            {question}
          </a>
        </h3>
        <p>{empty ?? answer}</p>
      </figcaption>
      {empty === null && children}
      {empty === null && note !== undefined && <p class="note">{note}</p>}
      {empty === null && table !== undefined && (
        <Unfold summary="The same numbers as a table">{table}</Unfold>
      )}
    </figure>
  );
}

/** Content that is made only once it is asked for: a table of an hour has 3,600 rows. */
function Unfold({ summary, children }: { summary: string; children: () => ComponentChildren }) {
  const [made, setMade] = useState(false);
  return (
    <details class="unfold" onToggle={(event) => event.currentTarget.open && setMade(true)}>
      <summary>{summary}</summary>
      {made && children()}
    </details>
  );
}
