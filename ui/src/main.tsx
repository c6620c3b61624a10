/** Reads what the page carries, a run or a list of runs, and draws it. */

import { render } from "preact";
import "./chart/uplot.css";
import { App } from "./app";
import { carried, served } from "./live/served";
import type { ExperimentView } from "./proof_view";
import type { RunView } from "./run_view";
import { ExperimentPage } from "./sections/experiment";
import { type ExperimentRow, type RunRow, RunsPage, type TrafficRow } from "./sections/runs";
import "./style.css";
import "./evidence.css";
import "./causes.css";
import "./proof.css";
import "./traffic.css";
import { applyTheme, storedTheme, watchTheme } from "./theme";
import { TrafficPage } from "./traffic/page";
import type { TrafficView } from "./traffic_view";
import { read } from "./untrusted";

function start(): void {
  const page = document.getElementById("page");
  const source = document.getElementById("run-view")?.textContent;
  if (page === null || source === null || source === undefined) return;
  applyTheme(storedTheme());
  watchTheme();
  page.textContent = "";
  let view: RunView | ExperimentView | TrafficView;
  try {
    const runs = carried("runs") as RunRow[] | null;
    if (runs !== null) {
      const experiments = (carried("experiments") as ExperimentRow[] | null) ?? [];
      const traffic = (carried("traffic") as TrafficRow[] | null) ?? [];
      render(<RunsPage runs={runs} experiments={experiments} traffic={traffic} />, page);
      return;
    }
    view = read(source) as RunView | ExperimentView | TrafficView;
  } catch {
    page.textContent = "This page carries no run; build it again with: loadstone report RUN";
    return;
  }
  if (view.format !== 1) {
    page.textContent = `This page reads format 1 of a run, not ${String(view.format)}; build it again with: loadstone report RUN`;
    return;
  }
  if (!("kind" in view)) {
    render(<App first={view} source={source} served={served()} />, page);
  } else if (view.kind === "traffic") {
    render(<TrafficPage view={view} home={served() !== null} />, page);
  } else {
    render(<ExperimentPage view={view} home={served() !== null} />, page);
  }
  if (location.hash.length > 1) elementOf(location.hash)?.scrollIntoView();
}

/** The element that a link means; a hash that is no valid escape means none. */
function elementOf(hash: string): HTMLElement | null {
  try {
    return document.getElementById(decodeURIComponent(hash.slice(1)));
  } catch {
    return null;
  }
}

start();
