/** The page: one column, the answer first, then the evidence, then how to do it again. */

import { useMemo } from "preact/hooks";
import { ChartTurn } from "./chart/turn";
import { instant } from "./format";
import { type Pulse, useFollowed } from "./live/follow";
import { type Served, ServedPage } from "./live/served";
import { PageHeader } from "./parts/header";
import type { RunView } from "./run_view";
import { Answer } from "./sections/answer";
import { Belief } from "./sections/belief";
import { CausesSection } from "./sections/causes";
import { Collected, Machine } from "./sections/collected";
import { EvidenceSection } from "./sections/evidence";
import { ErrorsSection, SlowestSection } from "./sections/failures";
import { LatencySection } from "./sections/latency";
import { LoadSection } from "./sections/load";
import { MeasuredSection } from "./sections/measured";
import { ProofSection } from "./sections/proof";
import { StepsSection } from "./sections/steps";
import { DrawnTraces } from "./trace/source";

const CONTENTS = [
  ["causes", "Causes"],
  ["proof", "Proof"],
  ["belief", "Belief"],
  ["latency", "Latency"],
  ["load", "Load"],
  ["steps", "Steps"],
  ["errors", "Errors"],
  ["slowest", "Slowest"],
  ["evidence", "Evidence"],
  ["measured", "How it was measured"],
  ["data", "Data"],
] as const;

const COLLECTED = CONTENTS.filter(([id]) => ["causes", "evidence", "measured", "data"].includes(id));

const PULSE: Record<Pulse, string> = {
  still: "",
  live: "live",
  lost: "connection lost, trying again",
  ended: "ended",
};

interface AppProps {
  first: RunView;
  source: string;
  served: Served | null;
}

export function App({ first, source: carried, served }: AppProps) {
  const { view, source, pulse, turn } = useFollowed(first, carried, served);
  const { evidence, causes } = view;
  const drawn = useMemo(() => [...(evidence?.drawn ?? []), ...(causes?.drawn ?? [])], [evidence, causes]);
  return (
    <ServedPage.Provider value={served}>
      <PageHeader>
        {served === null ? <b>Loadstone</b> : <a href="/">Loadstone</a>} <span>run</span>{" "}
        <code>{view.manifest.run}</code> <span>{instant(view.manifest.started_ns)}</span>{" "}
        {pulse !== "still" && (
          <output class={`pulse is-${pulse}`} aria-live="polite">
            {PULSE[pulse]}
          </output>
        )}
      </PageHeader>
      <main>
        <ChartTurn.Provider value={turn}>
          <DrawnTraces.Provider value={drawn}>
            <Sections view={view} source={source} />
          </DrawnTraces.Provider>
        </ChartTurn.Provider>
      </main>
    </ServedPage.Provider>
  );
}

function Sections({ view, source }: { view: RunView; source: string }) {
  if (view.manifest.kind !== "load") {
    return (
      <>
        <Collected view={view} />
        <Contents of={COLLECTED} />
        <CausesSection view={view} />
        <EvidenceSection view={view} />
        <Machine view={view} />
        <MeasuredSection view={view} source={source} />
      </>
    );
  }
  return (
    <>
      <Answer view={view} />
      <Contents of={view.proof === null ? CONTENTS.filter(([id]) => id !== "proof") : CONTENTS} />
      <CausesSection view={view} />
      {view.proof !== null && <ProofSection proof={view.proof} />}
      <Belief view={view} />
      <LatencySection view={view} />
      <LoadSection view={view} />
      <StepsSection view={view} />
      <ErrorsSection view={view} />
      <SlowestSection view={view} />
      <EvidenceSection view={view} />
      <MeasuredSection view={view} source={source} />
    </>
  );
}

function Contents({ of }: { of: readonly (readonly [string, string])[] }) {
  return (
    <nav aria-label="Contents">
      <ul>
        {of.map(([id, name]) => (
          <li key={id}>
            <a href={`#${id}`}>{name}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
