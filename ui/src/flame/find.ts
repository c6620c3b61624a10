/** Frames that hold a text, how much of the whole they are, and the heaviest frames of all. */

import { type Flame, nameOf } from "./layout";

export interface Found {
  /** Whether the frame of each place in `frames` matches. */
  frames: boolean[];
  /** Matching nodes, heaviest first. */
  nodes: number[];
  /** Weight beneath any matching node, counted once. */
  weight: number;
}

export function find(flame: Flame, text: string): Found | null {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return null;
  const frames = flame.frames.map((name) => name.toLowerCase().includes(wanted));
  const within = new Uint8Array(flame.frame.length);
  const nodes: number[] = [];
  let weight = 0;
  for (const row of flame.levels) {
    for (const node of row) {
      const up = flame.parent[node] ?? -1;
      const inside = up >= 0 && within[up] === 1;
      const here = frames[flame.frame[node] ?? -1] === true;
      if (here && !inside) weight += flame.total[node] ?? 0;
      if (here) nodes.push(node);
      within[node] = inside || here ? 1 : 0;
    }
  }
  nodes.sort((a, b) => (flame.total[b] ?? 0) - (flame.total[a] ?? 0));
  return { frames, nodes, weight };
}

export interface Heavy {
  name: string;
  own: number;
  /** With everything it called; a frame that calls itself is counted once. */
  total: number;
}

export function heaviest(flame: Flame): Heavy[] {
  const found = new Map<number, Heavy>();
  const onPath: number[] = [];
  const open = new Set<number>();
  for (const node of depthFirst(flame)) {
    const depth = flame.depth[node] ?? 0;
    while (onPath.length > depth) {
      const left = onPath.pop() ?? -1;
      if (left >= 0) open.delete(left);
    }
    const frame = flame.frame[node] ?? -1;
    let heavy = found.get(frame);
    if (heavy === undefined) {
      heavy = { name: nameOf(flame, node), own: 0, total: 0 };
      found.set(frame, heavy);
    }
    heavy.own += Math.max(0, flame.own[node] ?? 0);
    const again = open.has(frame);
    if (!again) heavy.total += flame.total[node] ?? 0;
    // A frame that is open already stays open when this one is left.
    onPath.push(again ? -1 : frame);
    open.add(frame);
  }
  return [...found.values()].sort((a, b) => b.own - a.own || b.total - a.total);
}

function* depthFirst(flame: Flame): Generator<number> {
  const children = new Map<number, number[]>();
  for (const row of flame.levels) {
    for (const node of row) {
      const up = flame.parent[node] ?? -1;
      const known = children.get(up);
      if (known === undefined) children.set(up, [node]);
      else known.push(node);
    }
  }
  const waiting = (children.get(-1) ?? []).toReversed();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    for (const child of (children.get(node) ?? []).toReversed()) waiting.push(child);
  }
}
