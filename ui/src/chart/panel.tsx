/** One chart under the house's manners: resizes, follows the theme, answers to mouse and arrow keys, says what it shows. */

import { useContext, useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { PAPER_WIDTH, type Palette, onTheme, palette, printing } from "../theme";
import { ChartTurn } from "./turn";

export type Line = "solid" | "dashed" | "dotted" | "thin" | "area" | "bar" | "ramp" | "dots";

export interface Key {
  name: string;
  /** A custom property of the style sheet, without its dashes. */
  colour: string;
  line: Line;
  /** The value under the cursor, or of the whole run where there is no cursor. */
  value(index: number | null): string;
}

export interface PanelProps {
  /** The text alternative: what the chart shows, in a sentence. */
  label: string;
  height: number;
  points: number;
  keys: Key[];
  /** Where the cursor stands: "0:14". */
  where(index: number | null, row: number): string;
  draw(colours: Palette): [Omit<uPlot.Options, "width" | "height">, uPlot.AlignedData];
  /** Rows that up and down walk through, where the chart has them: their middles on the y scale. */
  rows?: number[];
}

const NO_ROW = -1;

export function Panel({ label, height, points, keys, where, draw, rows }: PanelProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [index, setIndex] = useState<number | null>(null);
  const [row, setRow] = useState(NO_ROW);

  const turn = useContext(ChartTurn);
  const now = useRef({ draw, rows });
  now.current = { draw, rows };
  const again = useRef(() => {});

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const seen = (u: uPlot) => {
      const { idx, top } = u.cursor;
      setIndex(idx ?? null);
      // The charts share a moment, not a height: a row is pointed at only in the chart itself.
      const here = element.matches(":hover, :focus");
      const { rows } = now.current;
      const pointed = here && rows !== undefined && top !== undefined && top >= 0;
      setRow(pointed ? nearest(rows, u.posToVal(top, "y")) : NO_ROW);
    };
    const whole = { min: 0, max: 0 };
    const rebuild = () => {
      const before = plot.current;
      const chosen = before === null ? null : stretch(before, whole);
      const cursor = before?.cursor ?? {};
      before?.destroy();
      const [options, data] = now.current.draw(palette(element));
      const width = printing() ? PAPER_WIDTH : element.clientWidth;
      const hooks = { ...options.hooks, setCursor: [seen] };
      const u = new uPlot({ ...options, hooks, width, height }, data, element);
      plot.current = u;
      whole.min = u.scales.x?.min ?? 0;
      whole.max = u.scales.x?.max ?? 0;
      if (chosen !== null) u.setScale("x", chosen);
      if ((cursor.left ?? -1) >= 0) u.setCursor({ left: cursor.left ?? -10, top: cursor.top ?? -10 });
    };
    rebuild();
    again.current = rebuild;
    const resize = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (!printing() && width > 0 && plot.current?.width !== width) plot.current?.setSize({ width, height });
    });
    resize.observe(element);
    const forget = onTheme(rebuild);
    return () => {
      forget();
      resize.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => {
    // A stretch that is being dragged out is not taken from under the reader's hand.
    if (turn > 0 && !((plot.current?.select.width ?? 0) > 0)) again.current();
  }, [turn]);

  const place = (next: number, nextRow: number) => {
    const u = plot.current;
    const x = u?.data[0][next];
    if (!u || x === undefined) return;
    const y = rows?.[nextRow];
    const top = y === undefined ? u.over.clientHeight / 2 : u.valToPos(y, "y");
    point(u, u.valToPos(x, "x"), top);
  };

  const press = (event: KeyboardEvent) => {
    const [first, last] = visible(plot.current, points);
    const from = index ?? first - 1;
    const far = event.shiftKey ? 10 : 1;
    const steps: Record<string, number> = {
      ArrowLeft: Math.max(first, from - far),
      ArrowRight: Math.min(last, from + far),
      PageUp: Math.max(first, from - 10),
      PageDown: Math.min(last, from + 10),
      Home: first,
      End: last,
    };
    const next = steps[event.key];
    if (next !== undefined) place(next, row);
    else if (rows !== undefined && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const climb = event.key === "ArrowUp" ? 1 : -1;
      const start = row === NO_ROW ? (climb > 0 ? -1 : rows.length) : row;
      place(Math.max(first, from), Math.min(rows.length - 1, Math.max(0, start + climb)));
    } else if (event.key === "Escape") leave(plot.current);
    else return;
    event.preventDefault();
  };

  const spoken =
    index === null
      ? label
      : [where(index, row), ...keys.map((key) => `${key.name} ${key.value(index)}`)].join(", ");
  return (
    <div class="panel">
      <ul class="keys" aria-hidden="true">
        <li class="where">{where(index, row)}</li>
        {keys.map((key) => (
          <li key={key.name}>
            <Swatch colour={key.colour} line={key.line} />
            {key.name} <b>{key.value(index)}</b>
          </li>
        ))}
      </ul>
      <div
        class="plot"
        ref={host}
        tabIndex={0}
        role="slider"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, points - 1)}
        aria-valuenow={index ?? 0}
        aria-valuetext={spoken}
        onKeyDown={press}
        onBlur={() => leave(plot.current)}
      />
    </div>
  );
}

/** The stretch of the axis that the reader chose, or null where all of it is shown. */
function stretch(u: uPlot, whole: { min: number; max: number }): { min: number; max: number } | null {
  const { min, max } = u.scales.x ?? {};
  if (typeof min !== "number" || typeof max !== "number") return null;
  return min === whole.min && max === whole.max ? null : { min, max };
}

/** First and last point on the stretch of the axis that is shown. */
function visible(u: uPlot | null, points: number): [number, number] {
  const { min, max } = u?.scales.x ?? {};
  const x = u?.data[0] ?? [];
  if (typeof min !== "number" || typeof max !== "number") return [0, points - 1];
  let [first, last] = [0, points - 1];
  while (first < last && (x[first] ?? max) < min) first += 1;
  while (last > first && (x[last] ?? min) > max) last -= 1;
  return [first, last];
}

/** Moves the cursor and tells the charts that share it; the third argument is missing from uPlot's types. */
function point(u: uPlot, left: number, top: number): void {
  (u.setCursor as (at: { left: number; top: number }, fire: boolean, tell: boolean) => void)(
    { left, top },
    true,
    true,
  );
}

function leave(u: uPlot | null): void {
  if (u !== null) point(u, -10, -10);
}

function nearest(rows: number[], value: number): number {
  let best = NO_ROW;
  let distance = Infinity;
  rows.forEach((row, at) => {
    const apart = Math.abs(Math.log(row / value));
    if (apart < distance) [best, distance] = [at, apart];
  });
  return best;
}

const DASHES: Partial<Record<Line, string>> = { dashed: "5 3", dotted: "1.5 3" };

/** A sample of the line as the chart draws it. */
export function Swatch({ colour, line }: { colour: string; line: Line }) {
  const stroke = `var(--${colour})`;
  return (
    <svg class="swatch" width="22" height="12" viewBox="0 0 22 12" aria-hidden="true" focusable="false">
      {line === "area" || line === "bar" ? (
        <rect x="1" y="1" width="20" height="10" fill={stroke} opacity={line === "area" ? 0.3 : 1} />
      ) : line === "ramp" ? (
        [0.1, 0.4, 0.7, 1].map((opacity, at) => (
          <rect key={opacity} x={1 + 5 * at} y="1" width="5" height="10" fill={stroke} opacity={opacity} />
        ))
      ) : line === "dots" ? (
        <g fill={stroke}>
          <circle cx="5" cy="6" r="2" />
          <circle cx="16" cy="6" r="2" />
        </g>
      ) : (
        <line
          x1="1"
          x2="21"
          y1="6"
          y2="6"
          stroke={stroke}
          stroke-width={line === "thin" ? 1.25 : 2.5}
          stroke-dasharray={DASHES[line]}
        />
      )}
    </svg>
  );
}
