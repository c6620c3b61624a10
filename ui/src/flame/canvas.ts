/** Draws the part of a flame graph that is in sight: only nodes that are wide enough to be seen. */

import { FONT } from "../chart/time";
import type { Found } from "./find";
import { type Flame, nameOf } from "./layout";
import { COLOURS, colourOf, moduleOf, shortened } from "./module";

export const LEVEL = 24;

/** A node narrower than this is not drawn, in pixels of the screen. */
const THINNEST = 0.4;
const TEXT_LEAST = 30;
const PAD = 6;

export const INKS = ["ink", "muted", "paper", "shade", "faint", "frame-ink"] as const;
export const FRAMES = Array.from({ length: COLOURS }, (_none, at) => `frame-${at}`);

export interface Scene {
  flame: Flame;
  /** The stretch that fills the width, in the weights' unit. */
  from: number;
  to: number;
  /** Pixels scrolled away above. */
  top: number;
  width: number;
  height: number;
  found: Found | null;
  chosen: number;
  pointed: number;
  colours: Record<string, string>;
}

export function paint(canvas: HTMLCanvasElement, scene: Scene): void {
  const { flame, from, to, top, width, height, found, colours } = scene;
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const ctx = canvas.getContext("2d");
  if (ctx === null) return;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.fillStyle = colours.paper ?? "";
  ctx.fillRect(0, 0, width, height);
  ctx.font = FONT;
  ctx.textBaseline = "middle";
  const scale = to > from ? width / (to - from) : 0;
  const first = Math.max(0, Math.floor(top / LEVEL));
  const last = Math.min(flame.levels.length - 1, Math.floor((top + height) / LEVEL));
  for (let level = first; level <= last; level += 1) {
    const y = level * LEVEL - top;
    for (const node of flame.levels[level] ?? []) {
      const start = ((flame.left[node] ?? 0) - from) * scale;
      const end = start + (flame.total[node] ?? 0) * scale;
      if (end < 0 || start > width || end - start < THINNEST) continue;
      const x = Math.max(0, start);
      const wide = Math.min(width, end) - x;
      const hit = found === null || found.frames[flame.frame[node] ?? -1] === true;
      const name = nameOf(flame, node);
      ctx.fillStyle = (hit ? colours[`frame-${colourOf(moduleOf(name))}`] : colours.shade) ?? "";
      ctx.fillRect(x, y + 1, Math.max(wide - 1, THINNEST), LEVEL - 2);
      if (node === scene.chosen || node === scene.pointed) {
        ctx.strokeStyle = colours.ink ?? "";
        ctx.lineWidth = node === scene.chosen ? 2 : 1;
        ctx.strokeRect(x + 1, y + 2, Math.max(wide - 3, 1), LEVEL - 4);
      }
      if (wide < TEXT_LEAST) continue;
      const text = fitting(ctx, shortened(name), wide - 2 * PAD);
      if (text === "") continue;
      ctx.fillStyle = (hit ? colours["frame-ink"] : colours.muted) ?? "";
      ctx.fillText(text, x + PAD, y + LEVEL / 2 + 0.5);
    }
  }
}

const widths = new Map<string, number>();

function widthOf(ctx: CanvasRenderingContext2D, text: string): number {
  let width = widths.get(text);
  if (width === undefined) {
    width = ctx.measureText(text.slice(0, 400)).width;
    if (widths.size > 20_000) widths.clear();
    widths.set(text, width);
  }
  return width;
}

/** The whole name where there is room, then the function alone, then its beginning. */
function fitting(ctx: CanvasRenderingContext2D, name: string, room: number): string {
  if (widthOf(ctx, name) <= room) return name;
  const alone = name.replace(/ \([^()]*\)$/, "");
  const width = widthOf(ctx, alone);
  if (width <= room) return alone;
  const letters = Math.floor((Math.min(alone.length, 400) * room) / width) - 1;
  return letters < 2 ? "" : `${alone.slice(0, letters)}…`;
}
