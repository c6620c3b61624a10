/** One cause: what it is and where, what its cure would gain, what speaks for and against it, its evidence. */

import { useState } from "preact/hooks";
import type { CauseDrawings, Fact, Finding } from "../causes_view";
import { share, stepName, unbroken } from "../format";
import { type Mark, Verdict } from "../parts/verdict";
import type { EvidenceView } from "../run_view";
import { TraceLink } from "../trace/link";
import { Gain } from "./gain";
import { Proof, provable } from "./proof";
import { anchorOf, placeOf, shareOf, signed, statementOf, tiedWith } from "./words";

const SEVERITY: Record<Finding["severity"], { mark: Mark; word: string }> = {
  critical: { mark: "fail", word: "Critical" },
  warning: { mark: "undecided", word: "Warning" },
  info: { mark: "note", word: "Info" },
};

interface FindingProps {
  finding: Finding;
  all: Finding[];
  drawings: CauseDrawings | undefined;
  evidence: EvidenceView | null;
  /** Whether a link means this one: then it stands open. */
  linked: boolean;
  /** What came of its proof, where there is one. */
  proved: string | null;
}

export function FindingItem({ finding, all, drawings, evidence, linked, proved }: FindingProps) {
  const small = finding.severity === "info";
  const [more, setMore] = useState(!small || linked);
  const [proof, setProof] = useState(false);
  const anchor = anchorOf(finding, all);
  const { mark, word } = SEVERITY[finding.severity];
  const tied = tiedWith(finding, all);
  const panel = `${anchor}-evidence`;
  return (
    <article id={anchor} class={`finding is-${mark}`} aria-labelledby={`${anchor}-heading`}>
      <h3 id={`${anchor}-heading`}>
        <span class="rank">{finding.rank}</span>
        <a class="anchor" href={`#${anchor}`}>
          {unbroken(finding.title)}
        </a>
      </h3>
      <p class="says">
        <Verdict mark={mark} word={word} />
        <span>{signed(finding.lost_s_per_s)} lost in each second of load</span>
        <span>{share(finding.requests_share)} of requests</span>
        <span>confidence {Math.round(100 * finding.confidence)}&nbsp;%</span>
        <code>{finding.fault}</code>
      </p>
      {proved !== null && (
        <p>
          Of its fix: <a href="#proof">{unbroken(proved)}</a>
        </p>
      )}
      {tied.length > 0 && (
        <p class="tie">
          Tied with{" "}
          {tied.map((other, at) => (
            <>
              {at > 0 && ", "}
              <a href={`#${anchorOf(other, all)}`}>{other.rank}</a>
            </>
          ))}
          : the intervals of their gains overlap, so their order is not sure.
        </p>
      )}
      {more ? (
        <>
          <Place finding={finding} />
          <Gain finding={finding} />
          <div class="sides">
            <Side word="For" facts={finding.evidence.for} first={shareOf(finding)} />
            <Side word="Against" facts={finding.evidence.against} first={null} />
          </div>
          <Cure cure={finding.cure} />
          {provable(finding, drawings) && (
            <>
              <button
                type="button"
                aria-expanded={proof}
                aria-controls={panel}
                onClick={() => setProof(!proof)}
              >
                {proof ? "Close the evidence" : "Show the evidence"}
              </button>
              <div id={panel} class="proof" hidden={!proof}>
                {proof && <Proof finding={finding} drawings={drawings} evidence={evidence} />}
              </div>
            </>
          )}
        </>
      ) : (
        <>
          <Cure cure={finding.cure} />
          <button type="button" aria-expanded={false} onClick={() => setMore(true)}>
            Show all of it
          </button>
        </>
      )}
    </article>
  );
}

function Place({ finding }: { finding: Finding }) {
  const { locus, roles } = finding;
  const statement = statementOf(locus);
  const where = placeOf(locus);
  const step =
    locus.step !== null ? stepName(locus.journey ?? "", locus.step).replace(/^\./, "") : locus.journey;
  const facts: [string, string][] = (
    [
      ["called at", where],
      ["in", [step, locus.service].filter(Boolean).join(", service ")],
      ["under", roles.parent === statement ? null : roles.parent],
      ["led to by", roles.cause === statement ? null : roles.cause],
    ] as [string, string | null][]
  ).filter((fact): fact is [string, string] => fact[1] !== null && fact[1] !== "");
  return (
    <>
      {statement !== "" && (
        <pre class="culprit" tabIndex={0} aria-label="the statement or span">
          {statement}
        </pre>
      )}
      {facts.length > 0 && (
        <dl class="locus">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{name === "in" ? value : <code>{value}</code>}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

/** Facts that stand before the rest is asked for. */
const FACTS = 6;

function Side({ word, facts, first }: { word: string; facts: Fact[]; first: string | null }) {
  const [all, setAll] = useState(false);
  const shown = all || facts.length <= FACTS + 1 ? facts : facts.slice(0, FACTS);
  return (
    <div class={`side is-${word.toLowerCase()}`}>
      <h4>{word}</h4>
      {facts.length === 0 && first === null ? (
        <p>Nothing.</p>
      ) : (
        <ul>
          {first !== null && <li>{unbroken(first)}</li>}
          {shown.map((fact, at) => (
            <li key={at}>
              {unbroken(fact.what)}
              {fact.trace_ids.slice(0, 3).map((id) => (
                <>
                  {" "}
                  <TraceLink id={id} />
                </>
              ))}
            </li>
          ))}
        </ul>
      )}
      {shown.length < facts.length && (
        <button type="button" class="plain" onClick={() => setAll(true)}>
          and {facts.length - shown.length} more
        </button>
      )}
    </div>
  );
}

function Cure({ cure }: { cure: string }) {
  return (
    <p class="cure">
      <b>Cure</b> {unbroken(cure)}
    </p>
  );
}
