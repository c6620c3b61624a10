/** A trace drawn to scale: rows that fold, the critical path, a search, and the chosen span's details. */

import { useCallback, useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { tickName } from "../chart/time";
import { count, duration, plural } from "../format";
import { useNarrow } from "../parts/narrow";
import { SearchBar } from "../parts/search_bar";
import type { TraceView } from "../run_view";
import { Detail } from "./detail";
import { SPENT, spentOn } from "./kinds";
import { type Outline, extent, outline } from "./outline";
import { type Row, type Turned, foldedAll, matches, reveal, rowAbove, rowsOf, turn } from "./rows";
import { type Shown, placeOf, ticks } from "./scale";
import { Stack } from "./stack";
import { showRow } from "./windowed";

const ROW = 28;
const NARROW_ROW = 48;
const AXIS = 28;
const LAST_TICK = 920;

interface WaterfallProps {
  trace: TraceView;
  /** Places of spans to be marked as what should not be. */
  offending?: ReadonlySet<number>;
  /** Seconds that the whole width stands for, where another trace shares the scale. */
  scale?: number | undefined;
  /** Only the lines: for a trace that another one is held against. */
  brief?: boolean;
}

const NONE: ReadonlySet<number> = new Set();

export function Waterfall({ trace, offending = NONE, scale = 0, brief = false }: WaterfallProps) {
  const id = useId();
  const tree = useMemo(() => outline(trace), [trace]);
  const width = Math.max(tree.duration, scale, 1e-9);
  const whole = useMemo(() => ({ from: 0, to: width }), [width]);
  const [turned, setTurned] = useState<Turned>(new Set());
  const [chosen, setChosen] = useState(() => firstRow(tree, offending));
  const [shown, setShown] = useState<Shown>(whole);
  const [text, setText] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const height = narrow ? NARROW_ROW : ROW;
  const rows = useMemo(() => rowsOf(tree, turned), [tree, turned]);
  const found = useMemo(() => matches(trace.spans, text), [trace, text]);
  const spent = useMemo(() => {
    const found = new Set(trace.spans.map(spentOn));
    return SPENT.filter((one) => found.has(one));
  }, [trace]);
  const marked = useMemo(() => new Set(found), [found]);
  const at = Math.max(
    0,
    rows.findIndex((row) => row.key === chosen),
  );
  const row = rows[at];

  const place = (next: number, among: Row[] = rows) => {
    const target = among[Math.max(0, Math.min(among.length - 1, next))];
    if (target === undefined) return;
    setChosen(target.key);
    const element = box.current;
    if (element !== null) showRow(element, among.indexOf(target), height, AXIS);
  };
  const choose = useCallback((row: Row) => setChosen(row.key), []);
  const fold = useCallback((row: Row) => {
    if (row.open !== null) setTurned((before) => turn(before, row.key));
  }, []);
  const goTo = (span: number) => {
    const opened = reveal(tree, turned, span);
    const among = rowsOf(tree, opened);
    setTurned(opened);
    // The rows that were folded have to stand in the box before it can be scrolled to one of them.
    setTimeout(() =>
      place(
        among.findIndex((row) => row.key === `s${span}`),
        among,
      ),
    );
  };

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || row === undefined) return;
    const page = Math.max(1, Math.floor(((box.current?.clientHeight ?? 0) - AXIS) / height) - 1);
    const moves: Record<string, () => void> = {
      ArrowDown: () => place(at + 1),
      ArrowUp: () => place(at - 1),
      PageDown: () => place(at + page),
      PageUp: () => place(at - page),
      Home: () => place(0),
      End: () => place(rows.length - 1),
      ArrowRight: () => (row.open === false ? fold(row) : place(at + 1)),
      ArrowLeft: () => (row.open === true ? fold(row) : place(rowAbove(rows, at))),
      Enter: () => fold(row),
      " ": () => fold(row),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    move();
    event.preventDefault();
  };

  useEffect(() => {
    setTurned(new Set());
    setChosen(firstRow(tree, offending));
    const element = box.current;
    if (element === null) return;
    element.scrollTop = 0;
    const first = rowsOf(tree, new Set()).findIndex(({ key }) => key === firstRow(tree, offending));
    if (first > 0) showRow(element, first, height, AXIS);
  }, [trace.row.trace_id]);
  useEffect(() => setShown(whole), [whole]);

  const focused = row === undefined ? null : stretchOf(tree, row);
  const all = useMemo(() => foldedAll(tree), [tree]);
  const folded = turned.size > 0 && turned.size >= all.size && [...all].every((key) => turned.has(key));
  const closer = shown.from !== whole.from || shown.to !== whole.to;
  return (
    <div class="waterfall">
      <div class="tools">
        {brief ? (
          <span />
        ) : (
          <SearchBar
            label="Find a span"
            text={text}
            onText={setText}
            places={found}
            onPlace={goTo}
            none="no span holds this"
          />
        )}
        <span class="buttons">
          <button
            type="button"
            onClick={() => setTurned(folded ? new Set() : all)}
            disabled={rows.length < 2}
          >
            {folded ? "Unfold" : "Fold"}
          </button>
          <button
            type="button"
            disabled={focused === null}
            onClick={() => focused !== null && setShown(around(focused, whole))}
          >
            Look closer
          </button>
          <button type="button" disabled={!closer} onClick={() => setShown(whole)}>
            Whole trace
          </button>
        </span>
      </div>
      {!brief && <Keys spent={spent} offending={offending.size > 0} />}
      <div
        class="lines"
        ref={box}
        role="tree"
        tabIndex={0}
        aria-label={`Waterfall of ${plural(trace.spans.length, "span")} over ${duration(tree.duration)}. Arrow keys walk, Enter folds.`}
        aria-activedescendant={row === undefined ? undefined : `${id}-${row.key}`}
        onKeyDown={press}
      >
        <Axis shown={shown} narrow={narrow} />
        <Stack
          box={box}
          tree={tree}
          rows={rows}
          height={height}
          shown={shown}
          chosen={row?.key}
          marked={marked}
          offending={offending}
          id={id}
          onChoose={choose}
          onFold={fold}
        />
      </div>
      {trace.cut > 0 && (
        <p class="note">
          {plural(trace.cut, "span")} of this trace {trace.cut === 1 ? "is" : "are"} left out of the page;{" "}
          {count(trace.spans.length)} are drawn.
        </p>
      )}
      {!brief && row !== undefined && <Detail tree={tree} entry={row.entry} onGo={goTo} />}
    </div>
  );
}

/** The row to stand on at first: the first that holds what offends, or the root. */
function firstRow(tree: Outline, offending: ReadonlySet<number>): string {
  const [first] = offending;
  if (first === undefined) return "s0";
  const group = tree.groupOf.get(first);
  return group === undefined ? `s${first}` : `g${group}`;
}

function Keys({ spent, offending }: { spent: typeof SPENT; offending: boolean }) {
  return (
    <ul class="keys" aria-hidden="true">
      {offending && (
        <li>
          <b class="offends">◆</b> offending
        </li>
      )}
      {spent.map(({ word, colour }) => (
        <li key={colour}>
          <i class={`chip ${colour}`} /> {word}
        </li>
      ))}
      <li>
        <i class="chip is-own" /> full: its own time, pale: its children's
      </li>
      <li>
        <i class="chip is-critical" /> critical path
      </li>
      <li>
        <i class="chip is-gap" /> not instrumented
      </li>
    </ul>
  );
}

function Axis({ shown, narrow }: { shown: Shown; narrow: boolean }) {
  // A name that would stand over the edge is left out.
  const instants = ticks(shown, narrow ? 3 : 6).filter((instant) => placeOf(instant, shown) < LAST_TICK);
  return (
    <div class="axis" aria-hidden="true">
      <div class="scale">
        {instants.map((instant) => (
          <span key={instant} style={{ left: `${placeOf(instant, shown) / 10}%` }}>
            {instant === 0 ? "0" : tickName(instant)}
          </span>
        ))}
      </div>
      <span class="length">took</span>
    </div>
  );
}

/** Where a row stands in time. */
function stretchOf(tree: Outline, { entry }: Row): Shown | null {
  if (entry.kind === "gap") return { from: entry.start, to: entry.end };
  const [from, to] = extent(tree.trace, entry.kind === "span" ? [entry.span] : entry.members);
  return to > from ? { from, to } : null;
}

/** A stretch with a little air on both sides, within the trace. */
function around({ from, to }: Shown, whole: Shown): Shown {
  const air = 0.05 * (to - from);
  return { from: Math.max(whole.from, from - air), to: Math.min(whole.to, to + air) };
}
