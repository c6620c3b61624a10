/** One line of a waterfall: the name at the left, the bar to scale at the right. */

import { useMemo } from "preact/hooks";
import { duration, plural } from "../format";
import type { SpanView } from "../run_view";
import { spentOn } from "./kinds";
import { type Outline, type Stretch, childrenOf, covered, extent, uncovered } from "./outline";
import type { Row } from "./rows";
import { type Shown, UNITS, bandPath, bar } from "./scale";

/** Deeper rows are no longer moved to the right: their names would have no room. */
const DEEPEST = 14;
const INDENT = 14;

/** How high the drawing of a line is, in pixels. */
const BARS = 28;

interface TraceLineProps {
  tree: Outline;
  row: Row;
  top: number;
  height: number;
  shown: Shown;
  chosen: boolean;
  /** Whether the search found this span, or one of the group's. */
  marked: boolean;
  /** Whether it, or one of the group's, is what should not be. */
  offends: boolean;
  /** Begins the line's id. */
  id: string;
  onChoose(row: Row): void;
  onFold(row: Row): void;
}

export function TraceLine(props: TraceLineProps) {
  const { tree, row, top, height, chosen, marked, offends, id, onChoose, onFold } = props;
  const told = useMemo(() => tell(tree, row), [tree, row]);
  const classes = [
    "line-row",
    `is-${row.entry.kind}`,
    chosen ? "chosen" : "",
    marked ? "found" : "",
    offends ? "offending" : "",
    told.error ? "erred-row" : "",
  ];
  return (
    <div
      id={`${id}-${row.key}`}
      class={classes.filter(Boolean).join(" ")}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-expanded={row.open ?? undefined}
      aria-selected={chosen}
      aria-label={offends ? `offending, ${told.spoken}` : told.spoken}
      style={{ top: `${top}px`, height: `${height}px` }}
      onClick={() => onChoose(row)}
      onDblClick={() => onFold(row)}
    >
      <div class="name" style={{ paddingLeft: `${Math.min(row.depth, DEEPEST) * INDENT}px` }}>
        <span
          class="fold"
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            onChoose(row);
            onFold(row);
          }}
        >
          {row.open === null ? "" : row.open ? "▾" : "▸"}
        </span>
        {offends && (
          <b class="offends" aria-hidden="true">
            ◆
          </b>
        )}
        {told.count !== null && <b class="times">{told.count}</b>}
        {told.error && <b class="erred">✕ error</b>}
        <span class="text" title={told.name}>
          {told.name}
        </span>
      </div>
      <div class="time">
        <Bars {...props} />
      </div>
      <span class="length">{told.length}</span>
    </div>
  );
}

interface Told {
  name: string;
  count: string | null;
  error: boolean;
  start: number;
  end: number;
  length: string;
  spoken: string;
}

/** What a line says, in words. */
export function tell(tree: Outline, { entry }: Row): Told {
  const { spans } = tree.trace;
  if (entry.kind === "gap") {
    const length = duration(entry.end - entry.start);
    return {
      name: "not instrumented",
      count: null,
      error: false,
      start: entry.start,
      end: entry.end,
      length,
      spoken: `not instrumented, ${length}`,
    };
  }
  const members = entry.kind === "span" ? [entry.span] : entry.members;
  const span = spans[members[0] ?? 0];
  if (span === undefined) throw new Error(`no span at ${String(members[0])}`);
  const [start, end] = extent(tree.trace, members);
  const errors = members.filter((at) => spans[at]?.error === true).length;
  const name = titleOf(span);
  if (entry.kind === "span") {
    const critical = span.critical_s > 0 ? `, ${duration(span.critical_s)} on the critical path` : "";
    const length = duration(span.duration_s);
    return {
      name,
      count: null,
      error: span.error,
      start,
      end,
      length,
      spoken: `${span.error ? "error, " : ""}${name}, ${span.service}, ${length}, itself ${duration(span.self_s)}${critical}`,
    };
  }
  const busy = covered(members.map((at) => stretch(tree, at)));
  const length = duration(busy);
  return {
    name,
    count: `${members.length} ×`,
    error: errors > 0,
    start,
    end,
    length,
    spoken: `${members.length} times ${name}, together ${length}${errors > 0 ? `, ${plural(errors, "error")}` : ""}`,
  };
}

/** A statement or an address says more than a client's name, which often is its first word alone. */
export function titleOf({ name, kind, statement, attributes }: SpanView): string {
  const said = (statement ?? (kind === "client" ? addressOf(attributes) : "")).replace(/\s+/g, " ").trim();
  if (said === "") return name;
  return verbOf(said) === verbOf(name) ? said : `${name}  ${said}`;
}

const verbOf = (text: string) => text.toLowerCase().split(" ", 1)[0];

function addressOf(attributes: Record<string, string>): string {
  const [url, server, path] = ["url.full", "server.address", "url.path"].map(
    (key) => attributes[key] ?? attributes[key.replaceAll(".", "_")] ?? "",
  );
  return url || `${server ?? ""}${path ?? ""}`;
}

function stretch(tree: Outline, at: number): Stretch {
  const span = tree.trace.spans[at];
  return span === undefined ? [0, 0] : [span.start_s, span.start_s + span.duration_s];
}

function Bars({ tree, row, shown }: TraceLineProps) {
  const { entry } = row;
  const { spans } = tree.trace;
  const drawn = useMemo(() => {
    if (entry.kind === "gap") return null;
    const members = entry.kind === "span" ? [entry.span] : entry.members;
    const own =
      entry.kind === "span"
        ? members.flatMap((at) => {
            const span = spans[at];
            return span === undefined ? [] : uncovered(span, childrenOf(tree, at), spans);
          })
        : members.map((at) => stretch(tree, at));
    const critical = members.flatMap((at) => tree.critical.get(at) ?? []);
    return { own, critical: critical.toSorted((a, b) => a[0] - b[0]), spent: spans[members[0] ?? 0] };
  }, [tree, entry]);
  const [from, to] =
    entry.kind === "gap"
      ? [entry.start, entry.end]
      : extent(tree.trace, entry.kind === "span" ? [entry.span] : entry.members);
  const edge = bar(from, to, shown);
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${UNITS} ${BARS}`}
      preserveAspectRatio="none"
      height={BARS}
      aria-hidden="true"
      focusable="false"
    >
      {edge !== null && drawn === null && (
        <rect class="gap" x={edge.x} width={edge.width} y={BARS - 19} height="10" />
      )}
      {edge !== null && drawn?.spent !== undefined && (
        <g class={spentOn(drawn.spent).colour}>
          <rect class="whole" x={edge.x} width={edge.width} y={BARS - 21} height="13" />
          <path class="own" d={bandPath(drawn.own, shown, BARS - 21, 13)} />
          <path class="critical" d={bandPath(drawn.critical, shown, BARS - 6, 3)} />
        </g>
      )}
    </svg>
  );
}
