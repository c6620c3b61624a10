/** Whether to believe the numbers: each doubt with what to do about it, and what was looked at. */

import { count, duration, rate, share, unbroken } from "../format";
import { LEVEL, Shape } from "../parts/verdict";
import { Section } from "../parts/section";
import { Table } from "../parts/table";
import type { Caveat, RunView } from "../run_view";
import { Price } from "./price";

const ORDER = { void: 0, doubt: 1, note: 2 } as const;

export function Belief({ view }: { view: RunView }) {
  const caveats = [...view.summary.caveats].sort((a, b) => ORDER[a.level] - ORDER[b.level]);
  return (
    <Section id="belief" title="Can these numbers be believed?">
      {caveats.length === 0 ? (
        <p>Yes. Nothing was found that speaks against them; this is what was looked at.</p>
      ) : (
        <ul class="caveats">
          {caveats.map((caveat) => (
            <CaveatItem key={`${caveat.code}${caveat.message}`} caveat={caveat} />
          ))}
        </ul>
      )}
      <Looked view={view} />
      {view.evidence !== null && <Price evidence={view.evidence} />}
    </Section>
  );
}

function CaveatItem({ caveat }: { caveat: Caveat }) {
  const { mark, word } = LEVEL[caveat.level];
  return (
    <li id={`caveat-${caveat.code}`} class={`is-${mark}`}>
      <Shape mark={mark} />
      <div>
        <p>
          <b class="word">{word}</b> {unbroken(caveat.message)}
        </p>
        <p class="advice">{unbroken(caveat.advice)}</p>
        <p class="aside">
          {caveat.metrics.length === 0 ? "touches everything" : `touches ${caveat.metrics.join(", ")}`} ·{" "}
          {caveat.code}
        </p>
      </div>
    </li>
  );
}

export function highest(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (high, value) => (value !== null && (high === null || value > high) ? value : high),
    null,
  );
}

function Looked({ view }: { view: RunView }) {
  const { summary, series } = view;
  const { generator } = summary;
  const notTold = "the system does not tell";
  const busiest = highest(series.generator_busy_share);
  const busy = highest(series.host_busy_share);
  const steal = highest(series.host_steal_share);
  const rows: [string, string][] = [
    [
      "Was the load offered as asked?",
      `${rate(summary.offered_per_s)} offered, ${count(summary.dropped)} arrivals dropped`,
    ],
    [
      "Did the service keep up?",
      summary.offered_per_s > 0
        ? `${rate(summary.achieved_per_s)} completed, ${share(summary.achieved_per_s / summary.offered_per_s)} of what was offered`
        : "nothing was offered",
    ],
    [
      "Were requests sent on time?",
      summary.latency_s.lag.p99 === null
        ? "nothing was sent"
        : `lag p99 ${duration(summary.latency_s.lag.p99)}, at most ${duration(summary.latency_s.lag.max)}`,
    ],
    [
      "Did the generator have room?",
      [
        busiest === null ? "not measured" : `busiest thread at most ${share(busiest)}`,
        generator.cpu_per_request_s === null
          ? null
          : `${duration(generator.cpu_per_request_s)} CPU a request`,
      ]
        .filter((part) => part !== null)
        .join("; "),
    ],
    ["Was the machine free?", busy === null ? notTold : `busy at most ${share(busy)}`],
    ["Was CPU time stolen?", steal === null ? notTold : `at most ${share(steal)}`],
  ];
  return (
    <Table
      caption="What was looked at"
      quiet
      columns={[
        { name: "question", cell: ([question]) => question },
        { name: "what was found", cell: ([, found]) => found },
      ]}
      rows={rows}
    />
  );
}
