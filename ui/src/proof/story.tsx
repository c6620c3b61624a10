/** A proof from its finding to the guardrail that keeps it. */

import { Figure } from "../chart/figure";
import { duration, plural, unbroken } from "../format";
import { Copyable } from "../parts/copy";
import { Table } from "../parts/table";
import { LEVEL, Verdict } from "../parts/verdict";
import type { Comparison, Metric, PairRow, ProofView, StepShift } from "../proof_view";
import { Foretold } from "./foretold";
import { Forest } from "./forest";
import { Metrics } from "./metrics";
import { REASON, VERDICT, designOf, labelOf, looksOf, quantile, settlesOf, shiftedOf } from "./words";

interface StoryProps {
  proof: ProofView;
  /** On a run's page, where the finding stands above. */
  within?: boolean;
}

export function Story({ proof, within = false }: StoryProps) {
  const { comparison, before } = proof;
  const judged = comparison.metrics.find((metric) => metric.judged);
  return (
    <>
      <Doubts comparison={comparison} />
      {before !== null && !within && (
        <>
          <h3>What was found</h3>
          <p>{unbroken(before.title)}</p>
          {before.locus.statement !== null && <pre class="culprit">{before.locus.statement}</pre>}
          {before.locus.file !== null && (
            <p class="note">
              <code>
                {before.locus.file}
                {before.locus.line === null ? "" : `:${before.locus.line}`}
              </code>
              {before.locus.function !== null && <> in {before.locus.function}</>}
            </p>
          )}
        </>
      )}
      {comparison.blamed !== null && (
        <>
          <h3>Predicted, then measured</h3>
          <Foretold comparison={comparison} />
          <p>{unbroken(sentence(comparison.blamed.sentence))}.</p>
        </>
      )}
      <h3>How it was proved</h3>
      <p>{unbroken(designOf(comparison))}.</p>
      <dl class="sides-told">
        {comparison.sides.map((side) => (
          <div key={side.name}>
            <dt>{side.name}</dt>
            <dd>
              <code>{side.label}</code>
              {side.commit !== null && !side.label.startsWith(side.commit.slice(0, 7)) && (
                <small> {side.commit.slice(0, 10)}</small>
              )}
              {side.dirty === true && <small> with uncommitted changes</small>}
            </dd>
          </div>
        ))}
      </dl>
      <Metrics comparison={comparison} />
      <p class="note">
        {looksOf(comparison.design)} {settlesOf(comparison)}
      </p>
      {comparison.shifts.slice(0, 1).map((shift) => (
        <Shifted key={shift.step} shift={shift} margin={judged?.margin ?? 1.05} />
      ))}
      {judged !== undefined && judged.ratio !== null && judged.values.length > 0 ? (
        <Pairs comparison={comparison} judged={judged} />
      ) : (
        comparison.pairs.length > 0 && <PairTable pairs={comparison.pairs} />
      )}
      <MovedList comparison={comparison} />
      {proof.next_step !== null && (
        <>
          <h3>What to do next</h3>
          <Copyable text={proof.next_step} label="what to do next" />
        </>
      )}
      {proof.guardrail !== null && (
        <>
          <h3>What keeps it</h3>
          <p>
            These lines of <code>loadstone.toml</code> would have caught it; <code>loadstone gate</code> holds
            every change to them.
          </p>
          <Copyable text={proof.guardrail.trimEnd()} label="the guardrail" />
        </>
      )}
      {proof.repeat !== "" && (
        <>
          <h3>Again</h3>
          <Copyable text={proof.repeat} label="the command" />
        </>
      )}
    </>
  );
}

/** Faster, for the stated reason. */
export function VerdictLine({ comparison }: { comparison: Comparison }) {
  const { mark, word } = VERDICT[comparison.verdict];
  return (
    <p class={`verdict-line is-${mark}`}>
      <Verdict mark={mark} word={word} />
      <span>
        {comparison.reason === null ? "" : `${REASON[comparison.reason]}, `}
        {plural(comparison.design.pairs, "pair")}
        {comparison.design.spent_s === null ? "" : ` in ${duration(comparison.design.spent_s)}`}
      </span>
    </p>
  );
}

function Doubts({ comparison }: { comparison: Comparison }) {
  const { caveats } = comparison;
  const said = new Set(caveats.map(({ message }) => message));
  const vetoed = comparison.vetoed.filter(
    (one) => !said.has(one) && !comparison.sentence.includes(bare(one)),
  );
  if (caveats.length === 0 && vetoed.length === 0) return null;
  return (
    <ul class="doubts">
      {vetoed.map((one) => (
        <li key={one}>
          <Verdict mark={LEVEL.void.mark} word={LEVEL.void.word} /> {unbroken(sentence(one))}
        </li>
      ))}
      {caveats.map((caveat, at) => (
        <li key={at}>
          <Verdict mark={LEVEL[caveat.level].mark} word={LEVEL[caveat.level].word} />{" "}
          {unbroken(caveat.message)} <small>{caveat.advice}</small>
        </li>
      ))}
    </ul>
  );
}

function Shifted({ shift, margin }: { shift: StepShift; margin: number }) {
  return (
    <Figure
      id="shift"
      question="Where did it change?"
      answer={shiftedOf(shift, margin)}
      empty={null}
      note="The ratio B/A at each decile and in the tail; the line is 1, the dashes are the margin."
    >
      <Forest
        label="The shift function"
        margin={margin}
        rows={shift.points.map(({ share, ratio, low, high, a_s, b_s }) => ({
          label: quantile(share),
          aside: `${duration(a_s)} → ${duration(b_s)}`,
          value: ratio,
          low,
          high,
        }))}
      />
    </Figure>
  );
}

function Pairs({ comparison, judged }: { comparison: Comparison; judged: Metric }) {
  const kept = comparison.pairs.filter(({ left_out }) => left_out === null);
  const agree = judged.values.filter((value) => value < 1).length;
  const answer =
    judged.values.length === 0
      ? ""
      : `In ${agree} of ${judged.values.length} pairs B was ${judged.more_is_better ? "better" : "faster"}.`;
  const rows = judged.values.map((value, at) => ({
    label: `pair ${(kept[at]?.pair ?? at) + 1}`,
    aside: kept[at]?.order ?? "",
    value,
    low: null,
    high: null,
  }));
  const whole = {
    label: "all of them",
    value: judged.ratio ?? 1,
    low: judged.low,
    high: judged.high,
    strong: true,
  };
  const left = comparison.pairs.filter((pair) => pair.left_out !== null);
  return (
    <Figure
      id="pairs"
      question="Did every pair agree?"
      answer={answer}
      empty={judged.values.length === 0 ? "No pair could be judged." : null}
      note={`${labelOf(judged)}, in the order of the pairs.${left.length > 0 ? ` ${plural(left.length, "pair")} left out: ${left[0]?.left_out ?? ""}` : ""}`}
      table={() => <PairTable pairs={comparison.pairs} />}
    >
      <Forest label="The pairs" margin={judged.margin} rows={[...rows, whole]} />
    </Figure>
  );
}

function PairTable({ pairs }: { pairs: PairRow[] }) {
  const column = (side: "a" | "b", key: "p50_s" | "p95_s" | "p99_s") => ({
    name: `${key.slice(0, 3)} ${side.toUpperCase()}`,
    number: true,
    cell: (pair: PairRow) => duration(pair[side]?.[key] ?? null),
  });
  return (
    <Table
      caption="Each pair, all requests together"
      columns={[
        {
          name: "pair",
          cell: (pair: PairRow) => <span class="line">{`${pair.pair + 1} ${pair.order}`}</span>,
        },
        column("a", "p50_s"),
        column("b", "p50_s"),
        column("a", "p95_s"),
        column("b", "p95_s"),
        column("a", "p99_s"),
        column("b", "p99_s"),
        { name: "seed", number: true, cell: (pair: PairRow) => pair.seed },
        {
          name: "left out",
          cell: (pair: PairRow) => (
            <div class={pair.left_out === null ? undefined : "why"}>{pair.left_out}</div>
          ),
        },
      ]}
      rows={pairs}
    />
  );
}

function MovedList({ comparison }: { comparison: Comparison }) {
  if (comparison.moved.length === 0) return null;
  return (
    <>
      <h3>What the sides do differently</h3>
      <ul class="moved">
        {comparison.moved.slice(0, 6).map((one, at) => (
          <li key={at}>
            <span>{unbroken(one.sentence)}</span>
            {one.where !== null && (
              <>
                {" "}
                <code>{one.where}</code>
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

const bare = (text: string) => text.replace(/\.$/, "");

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
