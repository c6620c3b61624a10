/** Reads the run that the page carries and draws it. */

import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import { App } from "./app";
import type { RunView } from "./run_view";
import "./style.css";
import { applyTheme, storedTheme, watchTheme } from "./theme";

/** Marks that turn the direction of text around are shown by their number, so that no name can pose as another. */
function shownAsText(source: string): string {
  return source.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (mark) => {
    return `\u27e8U+${mark.charCodeAt(0).toString(16).toUpperCase()}\u27e9`;
  });
}

function start(): void {
  const page = document.getElementById("page");
  const source = document.getElementById("run-view")?.textContent;
  if (page === null || source === null || source === undefined) return;
  applyTheme(storedTheme());
  watchTheme();
  page.textContent = "";
  let view: RunView;
  try {
    view = JSON.parse(shownAsText(source)) as RunView;
  } catch {
    page.textContent = "This page carries no run; build it again with: loadstone report RUN";
    return;
  }
  if (view.format !== 1) {
    page.textContent = `This page reads format 1 of a run, not ${String(view.format)}; build it again with: loadstone report RUN`;
    return;
  }
  render(<App view={view} source={source} />, page);
  if (location.hash.length > 1)
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

start();
