/** How far the evidence can be believed: the counts held against each other, what is seen of each process, what is missing. */

import { count, plural, unbroken } from "../format";
import { Table } from "../parts/table";
import { type Mark, Shape, Verdict } from "../parts/verdict";
import type { AuditCheck, Coverage, EvidenceView, Missing } from "../run_view";

export function CoverageParts({ evidence }: { evidence: EvidenceView }) {
  return (
    <>
      <Audit checks={evidence.audit} />
      <Libraries coverage={evidence.coverage} />
      <Absent missing={evidence.missing} />
    </>
  );
}

const OUTCOME: Record<AuditCheck["outcome"], { mark: Mark; word: string; order: number }> = {
  fail: { mark: "fail", word: "Does not agree", order: 0 },
  "could not look": { mark: "undecided", word: "Could not look", order: 1 },
  pass: { mark: "pass", word: "Agrees", order: 2 },
};

function Audit({ checks }: { checks: AuditCheck[] }) {
  const ordered = checks.toSorted((a, b) => OUTCOME[a.outcome].order - OUTCOME[b.outcome].order);
  const agreed = ordered.filter((check) => check.outcome === "pass");
  return (
    <div id="audit">
      <h3>
        <a class="anchor" href="#audit">
          Do the counts agree?
        </a>
      </h3>
      {checks.length === 0 ? (
        <p>Nothing was held against anything: the evidence was not audited.</p>
      ) : (
        <>
          <Checks checks={ordered.filter((check) => check.outcome !== "pass")} />
          {agreed.length > 0 && (
            <details class="unfold">
              <summary>
                {agreed.length} of {checks.length} counts agree
              </summary>
              <Checks checks={agreed} />
            </details>
          )}
        </>
      )}
    </div>
  );
}

function Checks({ checks }: { checks: AuditCheck[] }) {
  if (checks.length === 0) return null;
  return (
    <ul class="caveats">
      {checks.map((check) => {
        const { mark, word } = OUTCOME[check.outcome];
        return (
          <li key={check.code + check.message} class={`is-${mark}`}>
            <Shape mark={mark} />
            <div>
              <p>
                <b class="word">{word}</b> {unbroken(check.message)}
              </p>
              {check.outcome !== "pass" && check.takes_away.length > 0 && (
                <p class="advice">This evidence cannot carry: {check.takes_away.join(", ")}.</p>
              )}
              {check.outcome !== "pass" && <p class="aside">{counted(check)}</p>}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function counted({ code, left, right }: AuditCheck): string {
  if (left === null || right === null) return code;
  return `${plain(left)} against ${plain(right)} · ${code}`;
}

const plain = (value: number) => count(Number.isInteger(value) ? value : Number(value.toPrecision(4)));

const STATE: Record<Coverage["state"], { mark: Mark; order: number }> = {
  "not loaded": { mark: "fail", order: 0 },
  "not covered": { mark: "undecided", order: 1 },
  "no spans": { mark: "none", order: 2 },
  spans: { mark: "pass", order: 3 },
};

function Libraries({ coverage }: { coverage: Coverage[] }) {
  if (coverage.length === 0) return null;
  const processes = new Set(coverage.map((row) => row.process_pid));
  const rows = coverage.toSorted(
    (a, b) =>
      (a.process_pid ?? -1) - (b.process_pid ?? -1) ||
      STATE[a.state].order - STATE[b.state].order ||
      (a.library < b.library ? -1 : 1),
  );
  const blind = coverage.filter((row) => row.state === "not loaded" || row.state === "not covered").length;
  return (
    <div id="coverage">
      <h3>
        <a class="anchor" href="#coverage">
          What is seen of each process?
        </a>
      </h3>
      <p>
        {plural(processes.size, "process", "processes")};{" "}
        {blind === 0 ? "nothing known is uncovered." : `${plural(blind, "row")} below cannot have spans.`}
      </p>
      <Table
        caption="Libraries of each process and whether their work has spans"
        quiet
        first={24}
        columns={[
          {
            name: "process",
            number: true,
            cell: (row) => (row.process_pid === null ? "all" : String(row.process_pid)),
          },
          {
            name: "library",
            cell: (row) => (
              <>
                {row.library} {row.version !== null && <small>{row.version}</small>}
              </>
            ),
          },
          { name: "seen", cell: (row) => <Verdict mark={STATE[row.state].mark} word={row.state} /> },
          { name: "spans", number: true, cell: (row) => (row.state === "spans" ? count(row.spans) : "") },
          { name: "note", cell: (row) => row.note },
        ]}
        rows={rows}
      />
    </div>
  );
}

function Absent({ missing }: { missing: Missing[] }) {
  if (missing.length === 0) return null;
  return (
    <div id="missing">
      <h3>
        <a class="anchor" href="#missing">
          What could not be seen?
        </a>
      </h3>
      <Table
        caption="Evidence that could not be had"
        quiet
        columns={[
          { name: "evidence", cell: (row) => row.kind },
          { name: "why not", cell: (row) => unbroken(row.reason) },
          { name: "how to get it", cell: (row) => unbroken(row.advice) },
        ]}
        rows={missing}
      />
    </div>
  );
}
