/** The lines of a waterfall that are in sight, each at its place in the whole; scrolling touches nothing else. */

import type { RefObject } from "preact";
import { unlessSame } from "../parts/unchanged";
import { TraceLine } from "./line";
import type { Outline } from "./outline";
import type { Row } from "./rows";
import type { Shown } from "./scale";
import { useSight } from "./windowed";

interface StackProps {
  box: RefObject<HTMLElement | null>;
  tree: Outline;
  rows: Row[];
  height: number;
  shown: Shown;
  chosen: string | undefined;
  /** Spans that the search found. */
  marked: ReadonlySet<number>;
  /** Spans that should not be. */
  offending: ReadonlySet<number>;
  /** Begins the ids of the lines: a page may draw several traces. */
  id: string;
  onChoose(row: Row): void;
  onFold(row: Row): void;
}

export const Stack = unlessSame(function Stack(props: StackProps) {
  const { box, tree, rows, height, shown, chosen, marked, offending, id, onChoose, onFold } = props;
  const { first, last } = useSight(box, height, rows.length);
  return (
    <div class="stack" role="none" style={{ height: `${rows.length * height}px` }}>
      {rows.slice(first, last + 1).map((row, place) => (
        <Line
          key={row.key}
          tree={tree}
          row={row}
          top={(first + place) * height}
          height={height}
          shown={shown}
          chosen={row.key === chosen}
          marked={isMarked(row, marked)}
          offends={isMarked(row, offending)}
          id={id}
          onChoose={onChoose}
          onFold={onFold}
        />
      ))}
    </div>
  );
});

const Line = unlessSame(TraceLine);

function isMarked({ entry }: Row, marked: ReadonlySet<number>): boolean {
  if (entry.kind === "span") return marked.has(entry.span);
  return entry.kind === "group" && entry.members.some((at) => marked.has(at));
}
