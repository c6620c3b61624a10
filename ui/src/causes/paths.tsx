/** Where the time of a step goes: the parts of its critical path at the median, and in what the p99 takes more. */

import { useRef, useState } from "preact/hooks";
import type { Bounded, PathRow, StepPath } from "../causes_view";
import { MISSING, type Unit, count, finestUnit, inUnit, plural, share, significant } from "../format";
import { Table } from "../parts/table";
import { signed } from "./words";

const nameOf = ({ journey, step }: StepPath) => (journey === null ? step : `${journey}.${step}`);

export function Paths({ paths }: { paths: StepPath[] }) {
  const [at, setAt] = useState(0);
  const tabs = useRef<HTMLDivElement>(null);
  const shown = paths[at] ?? paths[0];
  if (shown === undefined) return null;
  const press = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: paths.length - 1,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    const to = (next + paths.length) % paths.length;
    setAt(to);
    tabs.current?.querySelectorAll<HTMLElement>("[role=tab]")[to]?.focus();
    event.preventDefault();
  };
  const panel = paths.length > 1 ? { role: "tabpanel" as const, "aria-labelledby": `path-tab-${at}` } : {};
  return (
    <div id="paths">
      <h3>
        <a class="anchor" href="#paths">
          Where does the time go?
        </a>
      </h3>
      {paths.length > 1 && (
        <div class="tabs" role="tablist" aria-label="Steps" ref={tabs} onKeyDown={press}>
          {paths.map((path, place) => (
            <button
              key={place}
              id={`path-tab-${place}`}
              type="button"
              role="tab"
              aria-selected={path === shown}
              aria-controls="path-panel"
              tabIndex={path === shown ? 0 : -1}
              onClick={() => setAt(place)}
            >
              {nameOf(path)}
            </button>
          ))}
        </div>
      )}
      <div id="path-panel" {...panel}>
        <Path key={at} path={shown} />
      </div>
    </div>
  );
}

function Path({ path }: { path: StepPath }) {
  const { rows } = path;
  const excesses = rows.flatMap((row) => row.p99_excess_s ?? []);
  const median = scaleOf(rows.map((row) => row.p50_s));
  const excess = excesses.length > 0 ? scaleOf(excesses) : null;
  return (
    <>
      <p>{answer(path)}</p>
      <Table
        caption={`Parts of the critical path of ${nameOf(path)}, a request; in brackets and as a line the 95 % interval`}
        first={10}
        rows={rows}
        columns={[
          { name: "operation", cell: (row) => <Operation row={row} /> },
          {
            name: "at the median,",
            unit: median.unit.name,
            number: true,
            cell: (row) => <Measure told={row.p50_s} scale={median} kind="median" />,
          },
          ...(excess === null
            ? []
            : [
                {
                  name: "more beyond p99,",
                  unit: excess.unit.name,
                  number: true,
                  cell: (row: PathRow) => <Measure told={row.p99_excess_s} scale={excess} kind="excess" />,
                },
              ]),
          {
            name: "times",
            number: true,
            cell: (row) => (Number.isInteger(row.count) ? count(row.count) : significant(row.count)),
          },
        ]}
      />
    </>
  );
}

/** The largest part of each, in a sentence. */
export function answer(path: StepPath): string {
  const largest = (of: (row: PathRow) => number) =>
    path.rows.reduce<PathRow | null>((most, row) => (most === null || of(row) > of(most) ? row : most), null);
  const told = (row: PathRow) => short(row.operation);
  const usual = largest((row) => row.p50_s.value);
  const parts = [`${plural(path.requests, "request")}: ${signed(path.p50_s)} at the median`];
  if (usual !== null && path.p50_s > 0 && usual.p50_s.value > 0)
    parts[0] += `, the largest part of it (${share(usual.p50_s.value / path.p50_s)}) in ${told(usual)}`;
  if (path.p99_s === null) parts.push("too few to tell a p99");
  else {
    const more = path.p99_s - path.p50_s;
    const slow = largest((row) => row.p99_excess_s?.value ?? 0);
    const in_ =
      slow !== null && slow.p99_excess_s !== null && slow.p99_excess_s.value > 0
        ? `; of what that takes more, the largest part (${signed(slow.p99_excess_s.value)}) in ${told(slow)}`
        : "";
    parts.push(`p99 ${signed(path.p99_s)}${more > 0 ? in_ : ""}`);
  }
  const blind =
    path.uncovered_share !== null && path.uncovered_share > 0
      ? ` ${share(path.uncovered_share)} of the time lies in spans' own time, where nothing finer was seen.`
      : "";
  return `${parts.join("; ")}.${blind}`;
}

/** Letters of an operation's name that a sentence holds. */
const SHORT = 48;

function short(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > SHORT ? `${line.slice(0, SHORT).replace(/\s+\S*$/, "")} …` : line;
}

function Operation({ row }: { row: PathRow }) {
  const where = [row.service, row.where].filter(Boolean).join(" · ");
  return (
    <div class="statement">
      <code>{row.operation}</code>
      {where !== "" && <small>{where}</small>}
    </div>
  );
}

interface Scale {
  unit: Unit;
  most: number;
}

function scaleOf(values: readonly Bounded[]): Scale {
  const most = values.reduce((high, told) => Math.max(high, told.high, told.value), 0);
  // Parts under a thousandth of the largest may read 0.0: they do not choose the unit for all.
  const known = values.map(({ value }) => value).filter((value) => value > most / 1000);
  return { unit: finestUnit(known), most };
}

const WIDE = 1000;

function Measure({ told, scale, kind }: { told: Bounded | null; scale: Scale; kind: "median" | "excess" }) {
  if (told === null) return <>{MISSING}</>;
  const { unit, most } = scale;
  const place = (value: number) => (most > 0 ? (WIDE * Math.min(Math.max(value, 0), most)) / most : 0);
  const plain = (value: number) =>
    Math.abs(value) < 1e9 ? `${value < 0 ? "−" : ""}${inUnit(Math.abs(value), unit)}` : signed(value);
  return (
    <span class="measure">
      <svg
        class="path-bar"
        viewBox={`0 0 ${WIDE} 16`}
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <rect class={kind} y="3" width={Math.max(told.value > 0 ? 6 : 0, place(told.value))} height="10" />
        <path
          class="whisker"
          d={`M${place(told.low)} 4v8m0-4H${place(told.high)}m0-4v8`}
          vector-effect="non-scaling-stroke"
        />
      </svg>
      <span>
        {plain(told.value)}
        <small>
          [{plain(told.low)}, {plain(told.high)}]
        </small>
      </span>
    </span>
  );
}
