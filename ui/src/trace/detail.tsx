/** Everything that is known of the chosen span, group or gap, as text. */

import type { ComponentChildren } from "preact";
import { duration, plural, share } from "../format";
import { Copyable } from "../parts/copy";
import type { SpanView } from "../run_view";
import { spentOn } from "./kinds";
import { titleOf } from "./line";
import { type Entry, type Outline, covered, extent } from "./outline";

interface DetailProps {
  tree: Outline;
  entry: Entry;
  onGo(span: number): void;
}

export function Detail({ tree, entry, onGo }: DetailProps) {
  return (
    <div class="detail" role="region" aria-label="The chosen row" aria-live="off">
      {entry.kind === "span" ? (
        <SpanDetail tree={tree} at={entry.span} onGo={onGo} />
      ) : entry.kind === "group" ? (
        <GroupDetail tree={tree} members={entry.members} onGo={onGo} />
      ) : (
        <GapDetail tree={tree} start={entry.start} end={entry.end} parent={entry.parent} />
      )}
    </div>
  );
}

type Fact = [name: string, value: ComponentChildren];

function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl class="record">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function SpanDetail({ tree, at, onGo }: { tree: Outline; at: number; onGo(span: number): void }) {
  const span = tree.trace.spans[at];
  if (span === undefined) return null;
  const above = tree.parents[at] ?? -1;
  const parent = tree.trace.spans[above];
  const part = (seconds: number) => `${duration(seconds)}, ${share(seconds / tree.duration)} of the trace`;
  const facts: Fact[] = [
    ["service", `${span.service}, ${spentOn(span).word}`],
    ["kind", span.kind],
    ["from, to", `${duration(span.start_s)} to ${duration(span.start_s + span.duration_s)}`],
    ["took", part(span.duration_s)],
    ["of that itself", part(span.self_s)],
    ["on the critical path", span.critical_s > 0 ? part(span.critical_s) : "no part of it"],
    ...whereFacts(span),
  ];
  if (parent !== undefined) {
    facts.push([
      "under",
      <button type="button" class="plain" onClick={() => onGo(above)}>
        {titleOf(parent)}
      </button>,
    ]);
  }
  facts.push(["span", <code>{span.id}</code>]);
  const attributes = Object.entries(span.attributes);
  return (
    <>
      <h4>
        {span.error && <span class="erred">Error: </span>}
        {span.name}
      </h4>
      {span.statement !== null && <Copyable text={span.statement} label="the statement" />}
      <Facts facts={facts} />
      {attributes.length > 0 && (
        <details class="unfold" open={attributes.length <= 12}>
          <summary>{plural(attributes.length, "attribute")}</summary>
          <dl class="record attributes">
            {attributes.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}

function whereFacts(span: SpanView): Fact[] {
  if (span.where === null && span.function === null) return [];
  return [
    [
      "called at",
      <>
        {span.where !== null && <code>{span.where}</code>}
        {span.function !== null && (
          <>
            {" in "}
            <code>{span.function}</code>
          </>
        )}
      </>,
    ],
  ];
}

function GroupDetail({
  tree,
  members,
  onGo,
}: {
  tree: Outline;
  members: number[];
  onGo(span: number): void;
}) {
  const spans = members.flatMap((at) => tree.trace.spans[at] ?? []);
  const [first] = spans;
  if (first === undefined) return null;
  const lengths = spans.map((span) => span.duration_s).sort((a, b) => a - b);
  const busy = covered(spans.map((span) => [span.start_s, span.start_s + span.duration_s]));
  const longest = members.reduce((a, b) =>
    (tree.trace.spans[b]?.duration_s ?? 0) > (tree.trace.spans[a]?.duration_s ?? 0) ? b : a,
  );
  const places = [...new Set(spans.map((span) => span.where).filter((where) => where !== null))];
  const [from, to] = extent(tree.trace, members);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  return (
    <>
      <h4>
        {members.length} × {first.name}
      </h4>
      {first.statement !== null && <Copyable text={first.statement} label="the statement" />}
      <Facts
        facts={[
          ["service", `${first.service}, ${spentOn(first).word}`],
          ["from, to", `${duration(from)} to ${duration(to)}`],
          ["together", `${duration(busy)}, ${share(busy / tree.duration)} of the trace`],
          ["at once", busy > 0 ? `${(total / busy).toFixed(1)} on average` : "not known"],
          [
            "each",
            `${duration(lengths[0])} to ${duration(lengths.at(-1))}, in the middle ${duration(lengths[Math.floor(lengths.length / 2)])}`,
          ],
          ["on the critical path", duration(spans.reduce((sum, span) => sum + span.critical_s, 0))],
          ["errors", String(spans.filter((span) => span.error).length)],
          ["called at", places.length === 0 ? "not told" : <code>{places.slice(0, 5).join(", ")}</code>],
          [
            "longest",
            <button type="button" class="plain" onClick={() => onGo(longest)}>
              {duration(lengths.at(-1))} from {duration(tree.trace.spans[longest]?.start_s)}
            </button>,
          ],
        ]}
      />
    </>
  );
}

function GapDetail({
  tree,
  start,
  end,
  parent,
}: {
  tree: Outline;
  start: number;
  end: number;
  parent: number;
}) {
  return (
    <>
      <h4>Not instrumented</h4>
      <p>
        For {duration(end - start)}, {share((end - start) / tree.duration)} of the trace, no span below{" "}
        <b>{tree.trace.spans[parent]?.name ?? "it"}</b> was open: its own code, or a library that reports no
        spans. A CPU profile of the same time shows which.
      </p>
      <Facts facts={[["from, to", `${duration(start)} to ${duration(end)}`]]} />
    </>
  );
}
