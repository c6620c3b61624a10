import { describe, expect, it } from "vitest";
import { spans, steady } from "../src/chart/time";
import type { RunView, Series } from "../src/run_view";

const NAMES = [
  ...["t_s", "span_s", "offered_per_s", "started_per_s", "achieved_per_s", "requests_per_s", "errors_per_s"],
  ...["dropped_per_s", "in_flight_mean", "in_flight_max", "connections_open", "generator_busy_share"],
  ...[
    "host_busy_share",
    "host_steal_share",
    "response_p50_s",
    "response_p95_s",
    "response_p99_s",
    "response_max_s",
  ],
  ...["service_p50_s", "service_p99_s", "lag_p99_s"],
] as (keyof Series)[];

function run(seconds: number, columns: Partial<Series>, phases: RunView["phases"] = []): RunView {
  const nought = Array.from({ length: seconds }, () => 0);
  const series = Object.fromEntries(NAMES.map((name) => [name, nought])) as unknown as Series;
  const t_s = nought.map((_zero, at) => at + 1);
  return {
    series: { ...series, t_s, span_s: nought.map(() => 1), ...columns },
    heat: { t_s, edges_s: [0, 1, 2], counts: nought.map(() => [1, 2]) },
    phases,
  } as RunView;
}

const steadyPhase = (end: number) => [{ name: "steady", start_s: 0, end_s: end, measured: true }];

describe("trouble", () => {
  it("is a silence that chance does not explain", () => {
    const busy = run(6, { requests_per_s: [50, 50, 0, 0, 50, 50], in_flight_max: [1, 1, 9, 9, 1, 1] });
    expect(spans(busy)).toEqual([{ start: 2, end: 4, name: "nothing completed", kind: "trouble" }]);
    const slow = run(6, { requests_per_s: [2, 1, 0, 1, 3, 2], in_flight_max: [1, 1, 1, 1, 1, 1] });
    expect(spans(slow)).toEqual([]);
  });
  it("is every dropped arrival", () => {
    const dropping = run(3, { dropped_per_s: [0, 1, 1] });
    expect(spans(dropping)).toEqual([{ start: 1, end: 3, name: "arrivals dropped", kind: "trouble" }]);
  });
  it("names the time after the schedule", () => {
    expect(spans(run(4, {}, steadyPhase(3))).map(({ name }) => name)).toEqual(["steady", "awaiting replies"]);
  });
});

it("draws no rate from a sliver of an interval nor from late replies", () => {
  const view = run(5, { t_s: [1, 2, 3, 3.01, 4.01], span_s: [1, 1, 1, 0.01, 1] }, steadyPhase(3.01));
  expect(steady(view, [1, 2, 3, 4, 5])).toEqual([1, 2, 3, null, null]);
});
