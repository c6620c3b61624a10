/** The first screen: the sentence, the verdict, what was asked for and the numbers that matter. */

import { useContext } from "preact/hooks";
import { Swatch } from "../chart/panel";
import { count, duration, plural, rate, share, span, unbroken } from "../format";
import { ServedPage } from "../live/served";
import { Interval, intervalText, valueOf } from "../parts/interval";
import { useNarrow } from "../parts/narrow";
import { Table } from "../parts/table";
import { OUTCOME_WORD, Shape, VALIDITY, Verdict } from "../parts/verdict";
import type { Latency, LatencySet, RunView, SloResult, Summary } from "../run_view";

export const KINDS = [
  { key: "response", name: "response", says: "from the intended start", line: "solid" },
  { key: "service", name: "service", says: "from the send", line: "dashed" },
  { key: "lag", name: "lag", says: "intended start to send", line: "dotted" },
  { key: "first_byte", name: "first byte", says: "from the send", line: "thin" },
] as const;

export const QUANTILES = [
  ["p50", "p50"],
  ["p90", "p90"],
  ["p95", "p95"],
  ["p99", "p99"],
  ["p999", "p99.9"],
  ["max", "max"],
] as const satisfies readonly (readonly [keyof Latency, string])[];

export const ENDED: Record<Summary["status"], string | null> = {
  complete: null,
  running: "The run had not ended when this page was made.",
  interrupted: "The run was interrupted: this is what was measured until then.",
  aborted: "A rule stopped the run: this is what was measured until then.",
  crashed: "The run ended without a word: this is what its archive still holds.",
};

export function Answer({ view }: { view: RunView }) {
  const { summary } = view;
  const live = useContext(ServedPage)?.live === true && summary.status === "running";
  const ended = live ? null : ENDED[summary.status];
  const validity = VALIDITY[summary.validity];
  return (
    <section id="answer" aria-labelledby="answer-heading">
      <h1 id="answer-heading">{unbroken(view.headline)}</h1>
      <div class="verdicts">
        <p class={`verdict-line is-${summary.outcome}`}>
          <Shape mark={summary.outcome} />
          <b>{OUTCOME_WORD[summary.outcome]}</b>
          <span>{judged(summary)}</span>
        </p>
        <p class={`verdict-line is-${validity.mark}`}>
          <Shape mark={validity.mark} />
          <b>{validity.word}</b>
          <span>
            {believed(summary)}
            {summary.caveats.length > 0 && (
              <>
                , <a href="#belief">see why</a>
              </>
            )}
          </span>
        </p>
      </div>
      {view.proof !== null && (
        <p>
          Of its fix: <a href="#proof">{unbroken(view.proof.comparison.sentence)}</a>
        </p>
      )}
      {ended !== null && <p class="ended">{ended}</p>}
      {live && <p class="note">The run goes on; these are its numbers so far.</p>}
      <Facts summary={summary} />
      {summary.requests > 0 ? (
        <Latencies set={summary.latency_s} />
      ) : (
        <p>Latency was not measured: no request of a measured phase was completed.</p>
      )}
      {summary.slos.length > 0 && <Objectives slos={summary.slos} />}
    </section>
  );
}

function judged({ slos, outcome }: Summary): string {
  const held = slos.filter((slo) => slo.outcome === "pass").length;
  if (outcome === "invalid") return "an invalid measurement is not judged";
  if (slos.length === 0) return "the run has no objective to meet";
  if (held === slos.length)
    return slos.length === 1
      ? "the objective is met"
      : slos.length === 2
        ? "both objectives are met"
        : `all ${slos.length} objectives are met`;
  return `${held} of ${plural(slos.length, "objective")} met`;
}

function believed({ caveats, validity }: Summary): string {
  if (caveats.length === 0) return "nothing speaks against the measurement";
  const doubts = caveats.filter((caveat) => caveat.level !== "note").length;
  if (validity === "valid" || doubts === 0) return `with ${plural(caveats.length, "note")}`;
  return `for ${plural(doubts, "reason")}`;
}

function Facts({ summary }: { summary: Summary }) {
  const facts: [string, string, string?][] = [
    ["offered", rate(summary.offered_per_s)],
    ["achieved", rate(summary.achieved_per_s)],
    ["requests", count(summary.requests)],
    ["errors", count(summary.errors), summary.requests > 0 ? share(summary.errors / summary.requests) : ""],
    ["dropped", count(summary.dropped)],
    ["measured", span(summary.duration_s)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, aside]) => (
        <div
          key={name}
          class={(name === "errors" || name === "dropped") && value !== "0" ? "bad" : undefined}
        >
          <dt>{name}</dt>
          <dd>
            {value}
            {aside !== undefined && value !== "0" && <small> {aside}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

type Kind = (typeof KINDS)[number];

/** Kinds of time down, percentiles across; the other way round where the screen is narrow, so that p99 is on it. */
function Latencies({ set }: { set: LatencySet }) {
  const caption = "Latency over the measured phases";
  const swatch = (kind: Kind) => (
    <span class="line">
      <Swatch colour={kind.key === "first_byte" ? "muted" : kind.key} line={kind.line} />
      {kind.name}
    </span>
  );
  if (useNarrow()) {
    return (
      <Table
        caption={caption}
        columns={[
          { name: "", cell: ([, name]) => name },
          ...KINDS.map((kind) => ({
            name: kind.name,
            head: swatch(kind),
            number: true,
            cell: ([key]: (typeof QUANTILES)[number]) => duration(set[kind.key][key]),
            mark: () => (kind.key === "response" ? "strong" : undefined),
          })),
        ]}
        rows={[...QUANTILES]}
      />
    );
  }
  return (
    <Table
      caption={caption}
      rowClass={(kind) => (kind.key === "response" ? "main" : undefined)}
      columns={[
        {
          name: "",
          cell: (kind) => (
            <>
              {swatch(kind)} <small>{kind.says}</small>
            </>
          ),
        },
        ...QUANTILES.map(([key, name]) => ({
          name,
          number: true,
          cell: (kind: Kind) => duration(set[kind.key][key]),
        })),
      ]}
      rows={[...KINDS]}
    />
  );
}

function Objectives({ slos }: { slos: SloResult[] }) {
  return (
    <div id="objectives">
      <Table
        caption="Objectives: the measured value with its 95 % interval against the limit; the shaded side is good"
        columns={[
          { name: "objective", cell: (slo) => slo.name },
          { name: "outcome", cell: (slo) => <Verdict mark={slo.outcome} word={OUTCOME_WORD[slo.outcome]} /> },
          { name: "asked", cell: (slo) => <code>{slo.objective}</code> },
          {
            name: "measured",
            number: true,
            cell: (slo) => (
              <>
                {valueOf(slo, slo.value)}
                <small>{intervalText(slo)}</small>
              </>
            ),
          },
          { name: "against the limit", cell: (slo) => <Interval slo={slo} /> },
          {
            name: "bad requests",
            number: true,
            cell: (slo) =>
              slo.good + slo.bad === 0 ? "not counted" : `${count(slo.bad)} of ${count(slo.good + slo.bad)}`,
          },
        ]}
        rows={slos}
      />
      {reasons(slos).map(([reason, names]) => (
        <p key={reason} class="note">
          <b>{names.join(", ")}</b>: {unbroken(reason)}
        </p>
      ))}
    </div>
  );
}

/** Why objectives were not met or not judged, each reason once. */
function reasons(slos: SloResult[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const { name, outcome, reason } of slos) {
    if (reason !== null && outcome !== "pass") found.set(reason, [...(found.get(reason) ?? []), name]);
  }
  return [...found];
}
