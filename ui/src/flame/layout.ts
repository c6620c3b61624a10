/** A flame graph's places: every node's total, depth and stretch, the heaviest child first; also bottom up. */

import type { FlameView } from "../run_view";

export interface Flame {
  frames: string[];
  frame: ArrayLike<number>;
  /** Above each node, or -1. */
  parent: ArrayLike<number>;
  own: ArrayLike<number>;
  total: Float64Array;
  depth: Int32Array;
  /** Left edge of each node, in the unit of the weights. */
  left: Float64Array;
  /** Nodes of each depth from left to right. */
  levels: number[][];
  sum: number;
}

export function layout(view: Pick<FlameView, "frames" | "frame" | "parent" | "own">): Flame {
  const { frames, frame, parent, own } = view;
  const size = frame.length;
  const above = (at: number) => {
    const found = parent[at] ?? -1;
    return found >= 0 && found < at ? found : -1;
  };
  const total = Float64Array.from({ length: size }, (_none, at) => Math.max(0, own[at] ?? 0));
  const depth = new Int32Array(size);
  const left = new Float64Array(size);
  for (let at = size - 1; at >= 0; at -= 1) {
    const up = above(at);
    if (up >= 0) total[up] = (total[up] ?? 0) + (total[at] ?? 0);
  }
  const order = Array.from({ length: size }, (_none, at) => at).sort(
    (a, b) =>
      (total[b] ?? 0) - (total[a] ?? 0) ||
      ((frames[frame[a] ?? 0] ?? "") < (frames[frame[b] ?? 0] ?? "") ? -1 : 1),
  );
  const children = new Map<number, number[]>();
  for (const at of order) {
    const up = above(at);
    const found = children.get(up);
    if (found === undefined) children.set(up, [at]);
    else found.push(at);
  }
  const levels: number[][] = [];
  let row = children.get(-1) ?? [];
  let edge = 0;
  for (const at of row) {
    left[at] = edge;
    edge += total[at] ?? 0;
  }
  const sum = edge;
  while (row.length > 0) {
    const level = levels.length;
    levels.push(row);
    const next: number[] = [];
    for (const at of row) {
      depth[at] = level;
      let start = left[at] ?? 0;
      for (const child of children.get(at) ?? []) {
        left[child] = start;
        start += total[child] ?? 0;
        next.push(child);
      }
    }
    row = next;
  }
  return {
    frames,
    frame,
    parent: Int32Array.from({ length: size }, (_n, at) => above(at)),
    own,
    total,
    depth,
    left,
    levels,
    sum,
  };
}

/** Upside down: each frame with time of its own at the top, its callers below it. */
export function inverted(flame: Flame): Pick<FlameView, "frames" | "frame" | "parent" | "own"> {
  const frame: number[] = [];
  const parent: number[] = [];
  const own: number[] = [];
  const below = new Map<number, number>();
  for (let at = 0; at < flame.frame.length; at += 1) {
    const weight = flame.own[at] ?? 0;
    if (weight <= 0) continue;
    let place = -1;
    for (let up = at; up >= 0; up = flame.parent[up] ?? -1) {
      const key = (place + 1) * flame.frames.length + (flame.frame[up] ?? 0);
      let found = below.get(key);
      if (found === undefined) {
        found = frame.length;
        below.set(key, found);
        frame.push(flame.frame[up] ?? 0);
        parent.push(place);
        own.push(0);
      }
      place = found;
    }
    own[place] = (own[place] ?? 0) + weight;
  }
  return { frames: flame.frames, frame, parent, own };
}

export function nameOf(flame: Flame, node: number): string {
  return flame.frames[flame.frame[node] ?? -1] ?? "";
}

/** The node under a point: `x` in the weights' unit, `level` counted from the root; -1 where there is none. */
export function nodeAt(flame: Flame, level: number, x: number): number {
  const row = flame.levels[level] ?? [];
  let [low, high] = [0, row.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const node = row[middle] ?? -1;
    const from = flame.left[node] ?? 0;
    if (x < from) high = middle - 1;
    else if (x >= from + (flame.total[node] ?? 0)) low = middle + 1;
    else return node;
  }
  return -1;
}

export function heaviestChild(flame: Flame, node: number): number {
  const level = node < 0 ? 0 : (flame.depth[node] ?? 0) + 1;
  return (flame.levels[level] ?? []).find((child) => flame.parent[child] === node) ?? -1;
}

/** The neighbour on the same level, or the node itself at the end. */
export function beside(flame: Flame, node: number, step: 1 | -1): number {
  const row = flame.levels[flame.depth[node] ?? 0] ?? [];
  return row[row.indexOf(node) + step] ?? node;
}
