/** The page: one column, the answer first, then the evidence, then how to do it again. */

import { useState } from "preact/hooks";
import { instant } from "./format";
import type { RunView } from "./run_view";
import { Answer } from "./sections/answer";
import { Belief } from "./sections/belief";
import { ErrorsSection, SlowestSection } from "./sections/failures";
import { LatencySection } from "./sections/latency";
import { LoadSection } from "./sections/load";
import { MeasuredSection } from "./sections/measured";
import { StepsSection } from "./sections/steps";
import { type Theme, chooseTheme, storedTheme } from "./theme";

const CONTENTS = [
  ["belief", "Belief"],
  ["latency", "Latency"],
  ["load", "Load"],
  ["steps", "Steps"],
  ["errors", "Errors"],
  ["slowest", "Slowest"],
  ["measured", "How it was measured"],
  ["data", "Data"],
] as const;

export function App({ view, source }: { view: RunView; source: string }) {
  return (
    <>
      <a class="skip" href="#answer">
        Skip to the answer
      </a>
      <header>
        <p>
          <b>Loadstone</b> <span>run</span> <code>{view.manifest.run}</code>{" "}
          <span>{instant(view.manifest.started_ns)}</span>
        </p>
        <ThemeChoice />
      </header>
      <main>
        <Answer view={view} />
        <nav aria-label="Contents">
          <ul>
            {CONTENTS.map(([id, name]) => (
              <li key={id}>
                <a href={`#${id}`}>{name}</a>
              </li>
            ))}
          </ul>
        </nav>
        <Belief view={view} />
        <LatencySection view={view} />
        <LoadSection view={view} />
        <StepsSection view={view} />
        <ErrorsSection view={view} />
        <SlowestSection view={view} />
        <MeasuredSection view={view} source={source} />
      </main>
    </>
  );
}

const THEMES: Theme[] = ["system", "light", "dark"];

function ThemeChoice() {
  const [theme, setTheme] = useState(storedTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const change = () => {
    setTheme(next);
    chooseTheme(next);
  };
  return (
    <button type="button" class="theme" onClick={change} aria-label={`Colours: ${theme}; change to ${next}`}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.5" />
        <path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" />
      </svg>
      {theme}
    </button>
  );
}
