/** A database's plan as nodes: how far its estimates were off, and where the time or the cost lies. */

export interface PlanNode {
  label: string;
  relation: string | null;
  detail: string[];
  rows: number | null;
  estimated_rows: number | null;
  loops: number | null;
  own_s: number | null;
  cost: number | null;
  buffers: string | null;
  children: PlanNode[];
}

/** From this factor on an estimate is called off: explain.dalibo.com (pev2) marks it from ten. */
export const OFF = 10;

/** From this share of the plan on a node is costly, besides the costliest one. */
export const COSTLY = 0.25;

/** A plan's root as its page carries it, each value of another type than expected left out. */
export function planNode(given: unknown): PlanNode {
  const raw = (typeof given === "object" && given !== null ? given : {}) as Record<string, unknown>;
  return {
    label: text(raw.label) ?? "step",
    relation: text(raw.relation),
    detail: lines(raw.detail),
    rows: number(raw.rows),
    estimated_rows: number(raw.estimated_rows),
    loops: number(raw.loops),
    own_s: number(raw.own_s),
    cost: number(raw.cost),
    buffers: lines(raw.buffers).join(", ") || null,
    children: Array.isArray(raw.children) ? raw.children.map(planNode) : [],
  };
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);
const number = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);

function lines(value: unknown): string[] {
  if (value === null || value === undefined || value === "") return [];
  if (Array.isArray(value)) return value.flatMap(lines);
  if (typeof value === "object") {
    return Object.entries(value)
      .filter(([, one]) => one !== null && one !== 0 && one !== "")
      .map(([name, one]) => `${name.replaceAll("_", " ")} ${String(one)}`);
  }
  return [String(value)];
}

export interface Misjudged {
  /** At least one: how many times more, or fewer, rows came than were expected. */
  factor: number;
  more: boolean;
}

/** Rows that came against rows that were expected, both a loop; no row and one row are the same here. A step that was never run misjudged nothing. */
export function misjudged({ rows, estimated_rows, loops }: PlanNode): Misjudged | null {
  if (rows === null || estimated_rows === null || loops === 0) return null;
  const [came, expected] = [Math.max(rows, 1), Math.max(estimated_rows, 1)];
  return came >= expected
    ? { factor: came / expected, more: true }
    : { factor: expected / came, more: false };
}

export interface Weighed {
  /** What was weighed: time where the plan was run, else the planner's cost; SQLite tells neither. */
  by: "time" | "cost" | null;
  /** Each node's own share of the whole. */
  share: Map<PlanNode, number>;
  costliest: PlanNode | null;
}

export function weigh(root: PlanNode): Weighed {
  const nodes = allOf(root);
  const timed = nodes.some((node) => node.own_s !== null && node.own_s > 0);
  const own = new Map(nodes.map((node) => [node, timed ? (node.own_s ?? 0) : ownCost(node)]));
  const total = [...own.values()].reduce((sum, value) => sum + value, 0);
  const share = new Map([...own].map(([node, value]) => [node, total > 0 ? value / total : 0]));
  let costliest: PlanNode | null = null;
  for (const node of nodes) {
    if ((share.get(node) ?? 0) > (costliest === null ? 0 : (share.get(costliest) ?? 0))) costliest = node;
  }
  return { by: timed ? "time" : total > 0 ? "cost" : null, share, costliest };
}

/** A planner's cost holds that of the nodes below. */
function ownCost(node: PlanNode): number {
  const below = node.children.reduce((sum, child) => sum + (child.cost ?? 0), 0);
  return Math.max(0, (node.cost ?? 0) - below);
}

export function allOf(root: PlanNode): PlanNode[] {
  return [root, ...root.children.flatMap(allOf)];
}

/** Nodes that stand open at first: all of a small plan, else the way to what is costly or misjudged. */
export function openAtFirst(root: PlanNode, weighed: Weighed): Set<PlanNode> {
  const nodes = allOf(root);
  if (nodes.length <= 12) return new Set(nodes);
  const open = new Set<PlanNode>();
  const walk = (node: PlanNode): boolean => {
    const below = node.children.map(walk).some(Boolean);
    const here =
      node === weighed.costliest ||
      (weighed.share.get(node) ?? 0) >= COSTLY ||
      (misjudged(node)?.factor ?? 1) >= OFF;
    if (below || here) open.add(node);
    return below || here;
  };
  walk(root);
  return open;
}
