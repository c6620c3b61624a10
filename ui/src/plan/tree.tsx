/** A plan as a tree: each step's rows against what was expected, its own time, and words for what is costly. */

import { useMemo } from "preact/hooks";
import { count, duration, share, significant } from "../format";
import { Copyable } from "../parts/copy";
import type { PlanView } from "../run_view";
import { COSTLY, OFF, type PlanNode, type Weighed, misjudged, openAtFirst, planNode, weigh } from "./nodes";

const PARAMETERS: Record<string, string> = {
  sample: "with values that the load sent",
  pg_stats: "with usual values from the table's statistics",
  generic: "for any values",
  none: "without values",
};

export function PlanTree({ plan }: { plan: PlanView }) {
  const { root, weighed, open } = useMemo(() => {
    const root = planNode(plan.root);
    const weighed = weigh(root);
    return { root, weighed, open: openAtFirst(root, weighed) };
  }, [plan]);
  const run = plan.execute_s === null ? "not run" : `ran for ${duration(plan.execute_s)}`;
  return (
    <div class="plan">
      <Copyable text={plan.statement} label="the statement" />
      <p class="note">
        {plan.source}, {PARAMETERS[plan.parameters] ?? plan.parameters}; {run}.{" "}
        {weighed.by === null
          ? "This database tells neither time nor cost of a step."
          : `Shares are of the plan's ${weighed.by === "time" ? "time" : "estimated cost"}.`}
        {plan.note !== "" && ` ${plan.note}`}
      </p>
      <ul class="nodes">
        <Node node={root} weighed={weighed} open={open} />
      </ul>
    </div>
  );
}

function Node({ node, weighed, open }: { node: PlanNode; weighed: Weighed; open: Set<PlanNode> }) {
  const part = weighed.share.get(node) ?? 0;
  const off = misjudged(node);
  const costly = node === weighed.costliest || part >= COSTLY;
  const inside = node.children.length > 0 || node.detail.length > 0 || node.buffers !== null;
  const head = (
    <>
      <b class="label">{node.label}</b>
      {node.relation !== null && !node.label.split(" ").includes(node.relation) && (
        <>
          {" "}
          <span class="on">on</span> <code>{node.relation}</code>
        </>
      )}{" "}
      {weighed.by !== null && (
        <span class="weight">
          <svg width="80" height="10" aria-hidden="true" focusable="false">
            <rect class="track" y="1" width="80" height="8" />
            <rect
              class={costly ? "mark" : "part"}
              y="1"
              width={Math.max(part > 0 ? 1 : 0, 80 * part)}
              height="8"
            />
          </svg>{" "}
          {share(part)}
          {node.own_s !== null && `, ${duration(node.own_s)}`}
        </span>
      )}
      {node === weighed.costliest ? (
        <b class="erred"> ▲ costliest step</b>
      ) : (
        costly && <b class="erred"> ▲ costly step</b>
      )}
      <span class="rows">{rowsOf(node)}</span>
      {off !== null && off.factor >= OFF && (
        <b class="off">
          ◆ {significant(off.factor)} times {off.more ? "more" : "fewer"} than expected
        </b>
      )}
    </>
  );
  return (
    <li class={costly ? "costly" : undefined}>
      {inside ? (
        <details open={open.has(node)}>
          <summary>{head}</summary>
          <More node={node} />
          {node.children.length > 0 && (
            <ul>
              {node.children.map((child, at) => (
                <Node key={at} node={child} weighed={weighed} open={open} />
              ))}
            </ul>
          )}
        </details>
      ) : (
        <div class="leaf">{head}</div>
      )}
    </li>
  );
}

/** Rows of all loops; what was expected is told as the planner tells it, for one. */
function rowsOf({ rows, estimated_rows, loops }: PlanNode): string {
  if (loops === 0) return "never run";
  const each = (loops ?? 1) > 1 ? " a loop" : "";
  const parts: string[] = [];
  if (rows !== null) parts.push(`${whole(rows)} rows${each}`);
  if (estimated_rows !== null) parts.push(`${whole(estimated_rows)} expected`);
  if ((loops ?? 1) > 1) parts.push(`${count(loops ?? 1)} loops`);
  return parts.join(", ");
}

const whole = (value: number) => (Number.isInteger(value) ? count(value) : significant(value));

function More({ node }: { node: PlanNode }) {
  const facts: [string, string][] = [];
  if (node.buffers !== null) facts.push(["buffers", node.buffers]);
  if (node.cost !== null) facts.push(["planner's cost", significant(node.cost)]);
  if (node.detail.length === 0 && facts.length === 0) return null;
  return (
    <div class="more-of">
      {node.detail.map((line) => (
        <p key={line}>
          <code>{line}</code>
        </p>
      ))}
      {facts.map(([name, value]) => (
        <p key={name}>
          <span class="on">{name}</span> {value}
        </p>
      ))}
    </div>
  );
}
