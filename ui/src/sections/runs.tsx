/** The runs of an archive, the newest first: what was asked, what came of it, and the way to each page. */

import { count, duration, instant, rate } from "../format";
import { PageHeader } from "../parts/header";
import { SortedTable } from "../parts/sorted_table";
import { OUTCOME_WORD, VALIDITY, Verdict } from "../parts/verdict";
import { ANSWER } from "../proof/words";
import type { Outcome, Status, Validity } from "../run_view";

export interface ExperimentRow {
  experiment: string;
  kind: string;
  status: Status;
  started_ns: number;
  verdict: keyof typeof ANSWER | null;
  sentence: string | null;
  sides: string[];
}

export interface RunRow {
  run: string;
  status: Status;
  outcome: Outcome | null;
  validity: Validity | null;
  started_ns: number;
  requests: number | null;
  errors: number | null;
  offered_per_s: number | null;
  p99_s: number | null;
  command: string[] | string;
  url: string | null;
}

export interface TrafficRow {
  traffic: string;
  belief: Validity;
  sentence: string;
}

interface RunsProps {
  runs: RunRow[];
  experiments: ExperimentRow[];
  traffic: TrafficRow[];
}

export function RunsPage({ runs, experiments, traffic }: RunsProps) {
  const running = runs.filter((run) => run.status === "running").length;
  return (
    <>
      <PageHeader skip={false}>
        <b>Loadstone</b> <span>archive</span>
      </PageHeader>
      <main>
        <section id="runs-list" aria-labelledby="runs-heading">
          <h1 id="runs-heading">{heading(runs.length, running)}</h1>
          {runs.length === 0 ? (
            <p>
              The archive is empty. Drive something: <code>loadstone run URL --rate 100/s --for 30s</code>
            </p>
          ) : (
            <Runs runs={runs} />
          )}
        </section>
        {experiments.length > 0 && (
          <section id="experiments-list" aria-labelledby="experiments-heading">
            <h2 id="experiments-heading">Experiments</h2>
            <Experiments experiments={experiments} />
          </section>
        )}
        {traffic.length > 0 && (
          <section id="traffic-list" aria-labelledby="traffic-heading">
            <h2 id="traffic-heading">Traffic</h2>
            {traffic.map(({ traffic, belief, sentence }) => (
              <p key={traffic}>
                <a href={`/traffic/${traffic}`}>{traffic}</a> <Verdict {...VALIDITY[belief]} /> {sentence}
              </p>
            ))}
          </section>
        )}
      </main>
    </>
  );
}

function heading(all: number, running: number): string {
  const kept =
    all === 0 ? "No run is kept." : all === 1 ? "One run is kept." : `${count(all)} runs are kept.`;
  return running === 0 ? kept : `${kept} ${running === 1 ? "One is" : `${count(running)} are`} running.`;
}

function Runs({ runs }: { runs: RunRow[] }) {
  const number = (value: number | null, say: (value: number) => string) => (value === null ? "" : say(value));
  return (
    <SortedTable
      caption="Runs, the newest first"
      quiet
      first={100}
      sorted={{ by: "started", down: true }}
      rows={runs}
      columns={[
        {
          name: "run",
          value: (run) => run.run,
          cell: (run) => (
            <a class="line" href={`/runs/${encodeURIComponent(run.run)}`}>
              {run.run}
            </a>
          ),
        },
        {
          name: "outcome",
          value: (run) => run.outcome,
          cell: (run) =>
            run.outcome === null ? (
              <small>{run.status}</small>
            ) : (
              <>
                <Verdict mark={run.outcome} word={OUTCOME_WORD[run.outcome]} />
                {run.status !== "complete" && <small> {run.status}</small>}
              </>
            ),
        },
        {
          name: "measurement",
          value: (run) => run.validity,
          cell: (run) =>
            run.validity === null ? (
              ""
            ) : (
              <Verdict mark={VALIDITY[run.validity].mark} word={VALIDITY[run.validity].word} />
            ),
        },
        {
          name: "offered",
          number: true,
          value: (run) => run.offered_per_s,
          cell: (run) => number(run.offered_per_s, rate),
        },
        {
          name: "p99",
          number: true,
          value: (run) => run.p99_s,
          cell: (run) => number(run.p99_s, duration),
        },
        {
          name: "requests",
          number: true,
          value: (run) => run.requests,
          cell: (run) => number(run.requests, count),
        },
        {
          name: "errors",
          number: true,
          value: (run) => run.errors,
          cell: (run) => number(run.errors, count),
          mark: (run) => ((run.errors ?? 0) > 0 ? "erred" : undefined),
        },
        {
          name: "started",
          unit: "UTC",
          value: (run) => run.started_ns,
          cell: (run) => <span class="line">{instant(run.started_ns).replace(/:\d\d UTC$/, "")}</span>,
        },
        {
          name: "command",
          value: (run) => commandOf(run),
          cell: (run) => (
            <>
              <code>{commandOf(run)}</code>
              {run.url !== null && !commandOf(run).includes(run.url) && <small>{run.url}</small>}
            </>
          ),
        },
      ]}
    />
  );
}

function Experiments({ experiments }: { experiments: ExperimentRow[] }) {
  return (
    <SortedTable
      caption="Experiments, the newest first"
      quiet
      first={50}
      sorted={{ by: "started", down: true }}
      rows={experiments}
      columns={[
        {
          name: "experiment",
          value: (one) => one.experiment,
          cell: (one) => (
            <a class="line" href={`/experiments/${encodeURIComponent(one.experiment)}`}>
              {one.experiment}
            </a>
          ),
        },
        { name: "kind", value: (one) => one.kind, cell: (one) => one.kind },
        {
          name: "verdict",
          value: (one) => one.verdict,
          cell: (one) =>
            one.verdict === null ? <small>{one.status}</small> : <Verdict {...ANSWER[one.verdict]} />,
        },
        {
          name: "started",
          unit: "UTC",
          value: (one) => one.started_ns,
          cell: (one) => <span class="line">{instant(one.started_ns).replace(/:\d\d UTC$/, "")}</span>,
        },
        { name: "answer", value: (one) => one.sentence, cell: (one) => one.sentence ?? "" },
        {
          name: "sides",
          value: (one) => one.sides.join(" "),
          cell: (one) => one.sides.map((side, at) => <code key={at}>{side} </code>),
        },
      ]}
    />
  );
}

const commandOf = ({ command }: RunRow) => (typeof command === "string" ? command : command.join(" "));
