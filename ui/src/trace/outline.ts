/** A trace as an outline: which spans stand under which, like siblings as one group, and the time nobody reported. */

import type { SpanView, TraceView } from "../run_view";

/** From this many like siblings on they are one row: Sentry calls five like statements under one parent an N+1. */
export const GROUP_LEAST = 5;

/** A parent's stretch without a child is named from this share of the trace on: less is thinner than a row's text. */
export const GAP_SHARE = 0.05;

export type Entry =
  | { kind: "span"; span: number; start: number }
  | { kind: "group"; members: number[]; start: number }
  | { kind: "gap"; parent: number; start: number; end: number };

export type Stretch = [start: number, end: number];

export interface Outline {
  trace: TraceView;
  /** Entries under each span, in order of time; those of the roots stand at -1. */
  under: Map<number, Entry[]>;
  /** The span above, or -1. */
  parents: number[];
  /** The first member of the group that a span belongs to. */
  groupOf: Map<number, number>;
  /** Stretches of each span on the critical path. */
  critical: Map<number, Stretch[]>;
  duration: number;
}

export function outline(trace: TraceView): Outline {
  const { spans } = trace;
  const parents = spans.map(({ parent }, at) =>
    parent !== null && parent >= 0 && parent < at && Number.isInteger(parent) ? parent : -1,
  );
  const children = new Map<number, number[]>();
  parents.forEach((parent, at) => {
    const found = children.get(parent);
    if (found === undefined) children.set(parent, [at]);
    else found.push(at);
  });
  const duration = spans.reduce(
    (end, span) => Math.max(end, span.start_s + span.duration_s),
    trace.row.duration_s,
  );
  const groupOf = new Map<number, number>();
  const under = new Map<number, Entry[]>();
  for (const [parent, members] of children) under.set(parent, grouped(spans, members, groupOf));
  spans.forEach((span, at) => {
    const found = gaps(span, children.get(at) ?? [], spans, GAP_SHARE * duration);
    if (found.length === 0) return;
    const entries = [
      ...(under.get(at) ?? []),
      ...found.map(([start, end]): Entry => ({ kind: "gap", parent: at, start, end })),
    ];
    under.set(at, entries.sort(byStart));
  });
  const critical = new Map<number, Stretch[]>();
  for (const [at, start, end] of trace.critical) {
    const found = critical.get(at);
    if (found === undefined) critical.set(at, [[start, end]]);
    else found.push([start, end]);
  }
  return { trace, under, parents, groupOf, critical, duration };
}

const byStart = (a: Entry, b: Entry) => a.start - b.start;

/** Siblings that do the same: same name, statement, service and kind. */
function likeness({ name, statement, service, kind }: SpanView): string {
  return JSON.stringify([name, statement, service, kind]);
}

function grouped(spans: SpanView[], members: number[], groupOf: Map<number, number>): Entry[] {
  const start = (at: number) => spans[at]?.start_s ?? 0;
  const ordered = members.toSorted((a, b) => start(a) - start(b));
  const alike = new Map<string, number[]>();
  for (const at of ordered) {
    const key = likeness(spans[at] as SpanView);
    const found = alike.get(key);
    if (found === undefined) alike.set(key, [at]);
    else found.push(at);
  }
  const entries: Entry[] = [];
  for (const same of alike.values()) {
    const [first] = same;
    if (first === undefined) continue;
    if (same.length < GROUP_LEAST) {
      entries.push(...same.map((span): Entry => ({ kind: "span", span, start: start(span) })));
      continue;
    }
    for (const span of same) groupOf.set(span, first);
    entries.push({ kind: "group", members: same, start: start(first) });
  }
  return entries.sort(byStart);
}

/** Stretches of a span that none of its children covers, in order of time. */
export function uncovered(
  span: SpanView,
  children: readonly number[],
  spans: readonly SpanView[],
): Stretch[] {
  const end = span.start_s + span.duration_s;
  const found: Stretch[] = [];
  let free = span.start_s;
  const inTime = children
    .flatMap((at) => {
      const child = spans[at];
      return child === undefined ? [] : [[child.start_s, child.start_s + child.duration_s] as Stretch];
    })
    .sort((a, b) => a[0] - b[0]);
  for (const [from, to] of inTime) {
    if (from > free) found.push([free, Math.min(from, end)]);
    free = Math.max(free, to);
    if (free >= end) break;
  }
  if (free < end) found.push([free, end]);
  return found.filter(([from, to]) => to > from);
}

/**
 * Long stretches in which a span ran and no child did. A span without children is looked into only where it should
 * have some: a server's. A statement or a call elsewhere is a leaf by its nature.
 */
function gaps(span: SpanView, children: number[], spans: SpanView[], least: number): Stretch[] {
  if (children.length === 0 && span.kind !== "server") return [];
  return uncovered(span, children, spans).filter(([from, to]) => to - from >= least && to - from > 0);
}

/** Places of all spans below, those of groups included. */
export function childrenOf(tree: Outline, span: number): number[] {
  return (tree.under.get(span) ?? []).flatMap((entry) =>
    entry.kind === "span" ? [entry.span] : entry.kind === "group" ? entry.members : [],
  );
}

/** The longest stretch that counts as a whole: from the first start to the last end of these spans. */
export function extent(trace: TraceView, members: readonly number[]): Stretch {
  let [from, to] = [Infinity, -Infinity];
  for (const at of members) {
    const span = trace.spans[at];
    if (span === undefined) continue;
    from = Math.min(from, span.start_s);
    to = Math.max(to, span.start_s + span.duration_s);
  }
  return [from, to];
}

/** Time that is covered by at least one of the stretches. */
export function covered(stretches: readonly Stretch[]): number {
  let total = 0;
  let until = -Infinity;
  for (const [from, to] of stretches.toSorted((a, b) => a[0] - b[0])) {
    if (to <= until) continue;
    total += to - Math.max(from, until);
    until = to;
  }
  return total;
}
