/** The rows of a waterfall as they stand on the screen: what is folded has none. */

import type { SpanView } from "../run_view";
import type { Entry, Outline } from "./outline";

export interface Row {
  key: string;
  depth: number;
  entry: Entry;
  /** Whether the rows below are shown; null where there is nothing to fold. */
  open: boolean | null;
}

/** Rows that were turned: spans stand open until then, groups closed. */
export type Turned = ReadonlySet<string>;

export function keyOf(entry: Entry): string {
  if (entry.kind === "span") return `s${entry.span}`;
  if (entry.kind === "group") return `g${entry.members[0] ?? 0}`;
  return `n${entry.parent}@${entry.start}`;
}

export function rowsOf(tree: Outline, turned: Turned): Row[] {
  const rows: Row[] = [];
  const waiting: { entry: Entry; depth: number }[] = [];
  const add = (entries: readonly Entry[], depth: number) => {
    for (let at = entries.length - 1; at >= 0; at -= 1) waiting.push({ entry: entries[at] as Entry, depth });
  };
  add(tree.under.get(-1) ?? [], 0);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { entry, depth } = next;
    const key = keyOf(entry);
    const below = entriesBelow(tree, entry);
    const open = below.length === 0 ? null : (entry.kind === "group") === turned.has(key);
    rows.push({ key, depth, entry, open });
    if (open === true) add(below, depth + 1);
  }
  return rows;
}

function entriesBelow(tree: Outline, entry: Entry): Entry[] {
  if (entry.kind === "span") return tree.under.get(entry.span) ?? [];
  if (entry.kind === "gap") return [];
  return entry.members.map((span) => ({
    kind: "span",
    span,
    start: tree.trace.spans[span]?.start_s ?? 0,
  }));
}

export function turn(turned: Turned, key: string): Turned {
  const next = new Set(turned);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** Every span below the roots folded: what is left is who was called first. */
export function foldedAll(tree: Outline): Turned {
  const turned = new Set<string>();
  for (const span of tree.under.keys()) if ((tree.parents[span] ?? -1) >= 0) turned.add(`s${span}`);
  return turned;
}

/** What must be turned so that this span has a row: its ancestors and their groups stand open. */
export function reveal(tree: Outline, turned: Turned, span: number): Turned {
  const next = new Set(turned);
  for (let at = span; at >= 0; at = tree.parents[at] ?? -1) {
    if (at !== span) next.delete(`s${at}`);
    const group = tree.groupOf.get(at);
    if (group !== undefined) next.add(`g${group}`);
  }
  return next;
}

/** The row above in the outline, or the row itself where it stands at the top. */
export function rowAbove(rows: readonly Row[], at: number): number {
  const depth = rows[at]?.depth ?? 0;
  for (let above = at - 1; above >= 0; above -= 1) {
    if ((rows[above]?.depth ?? 0) < depth) return above;
  }
  return at;
}

/** Spans whose words hold the text, in order of display; letters in either case are the same. */
export function matches(spans: readonly SpanView[], text: string): number[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const found: number[] = [];
  spans.forEach((span, at) => {
    if (words(span).some((word) => word.toLowerCase().includes(wanted))) found.push(at);
  });
  return found;
}

function words({ name, service, kind, statement, where, function: inside, id, attributes, error }: SpanView) {
  return [
    name,
    service,
    kind,
    statement ?? "",
    where ?? "",
    inside ?? "",
    id,
    error ? "error" : "",
    ...Object.entries(attributes).map(([key, value]) => `${key} ${value}`),
  ];
}
