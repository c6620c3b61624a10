/** Responses by time and latency, each cell as dark as it is full; columns are merged where they are thinner than a pixel. */

import type uPlot from "uplot";
import type { Heat } from "../run_view";
import { thin } from "../theme";

/** Ink of a cell: the square root lets a lone response be seen beside a thousand. */
export function ink(count: number, most: number): number {
  return count === 0 ? 0 : 0.1 + 0.9 * Math.sqrt(count / most);
}

/** The bands that hold anything, with one empty band of air on both sides. */
export function usedBands(heat: Heat): [number, number] | null {
  let first = Infinity;
  let last = -1;
  for (const column of heat.counts) {
    column.forEach((count, band) => {
      if (count === 0) return;
      first = Math.min(first, band);
      last = Math.max(last, band);
    });
  }
  if (last < 0) return null;
  return [Math.max(0, first - 1), Math.min(heat.edges_s.length - 2, last + 1)];
}

/** An edge that a logarithmic axis can carry: the lowest band may begin at nought. */
export function edge(heat: Heat, at: number): number {
  const value = heat.edges_s[at] ?? 1;
  return value > 0 ? value : (heat.edges_s[at + 1] ?? 1) / 2;
}

export function most(heat: Heat): number {
  return heat.counts.reduce((high, column) => column.reduce((top, count) => Math.max(top, count), high), 0);
}

export function heatCells(heat: Heat, starts: number[], colour: string): uPlot.Plugin {
  return {
    hooks: {
      drawClear: (u) => {
        const { ctx } = u;
        const { left, top, width, height } = u.bbox;
        const [first, last] = usedBands(heat) ?? [0, -1];
        const edges = heat.edges_s.map((_value, at) => u.valToPos(edge(heat, at), "y", true));
        const columns = merged(heat, starts, (t) => Math.round(u.valToPos(t, "x", true)));
        const fullest = columns.reduce(
          (high, { counts }) => Math.max(high, ...counts.slice(first, last + 1)),
          0,
        );
        const shades = Array.from({ length: 65 }, (_none, step) => thin(colour, step / 64));
        ctx.save();
        ctx.beginPath();
        ctx.rect(left, top, width, height);
        ctx.clip();
        for (const { from, to, counts } of columns) {
          for (let band = first; band <= last; band += 1) {
            const count = counts[band] ?? 0;
            if (count === 0) continue;
            const low = Math.round(edges[band] ?? 0);
            const high = Math.round(edges[band + 1] ?? 0);
            ctx.fillStyle = shades[Math.round(64 * ink(count, fullest))] ?? colour;
            ctx.fillRect(from, high, Math.max(to - from, 1), low - high);
          }
        }
        ctx.restore();
      },
    },
  };
}

interface Column {
  from: number;
  to: number;
  counts: number[];
}

function merged(heat: Heat, starts: number[], place: (t: number) => number): Column[] {
  const columns: Column[] = [];
  heat.counts.forEach((counts, at) => {
    const from = place(starts[at] ?? 0);
    const to = place(heat.t_s[at] ?? 0);
    const open = columns.at(-1);
    if (open !== undefined && to - open.from < 2) {
      open.to = to;
      open.counts = open.counts.map((count, band) => count + (counts[band] ?? 0));
    } else columns.push({ from, to, counts });
  });
  return columns;
}
