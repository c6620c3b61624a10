import { expect, test } from "vitest";
import { axis } from "../src/proof/forest";
import { barsOf } from "../src/proof/foretold";
import { designOf, effect, labelOf, level, ratio, settlesOf, shiftedOf, wordOf } from "../src/proof/words";
import type { Comparison, DesignTold, Metric } from "../src/proof_view";

const metric: Metric = {
  name: "p99 response",
  unit: "s",
  journey: "browse",
  step: "detail",
  a: 0.812,
  b: 0.201,
  ratio: 0.25,
  low: 0.21,
  high: 0.29,
  margin: 1.05,
  verdict: "faster",
  pairs_to_decide: 6,
  method: "student",
  more_is_better: false,
  values: [0.24, 0.26],
  judged: true,
  slo: null,
  floor: null,
  p: 0.001,
  q: null,
  note: null,
};

test("a ratio has as few decimals as leave its verdict to be seen", () => {
  expect(ratio(0.25, 0.21, 0.29)).toBe("0.25 [0.21, 0.29]");
  expect(ratio(0.98, 0.962, 0.998)).toBe("0.980 [0.962, 0.998]");
  expect(ratio(1.08, 1.052, 1.11)).toBe("1.080 [1.052, 1.110]");
  expect(ratio(0.8, null, null)).toBe("0.80, no interval");
  expect(ratio(250, 12.34, null)).toBe("250 [12.3, -]");
});

test("a metric is named as a guardrail names it", () => {
  expect(labelOf(metric)).toBe("p99 response of browse.detail");
  expect(labelOf({ ...metric, step: null })).toBe("p99 response of browse");
  expect(labelOf({ ...metric, journey: null, step: null })).toBe("p99 response");
});

test("time is faster, counts are better", () => {
  expect(wordOf(metric)).toBe("Faster");
  expect(wordOf({ ...metric, unit: "count", method: "by count" })).toBe("Better");
  expect(wordOf({ ...metric, unit: "/s", verdict: "slower" })).toBe("Worse");
});

test("a difference is told in its own unit, exactly where it was counted", () => {
  const counted = { ...metric, unit: "count", ratio: null, a: 2, b: 3, low: 1, high: 1 };
  expect(effect(counted)).toBe("+1.00");
  expect(effect({ ...counted, high: 1.5 })).toBe("+1.00 [+1.00, +1.50]");
  expect(effect(metric)).toBe("0.25 [0.21, 0.29]");
  expect(level(0, "share")).toBe("0 %");
  expect(level(null, "s")).toBe("–");
});

test("an axis holds every value, 1 and the margin, and better lies left", () => {
  const rows = [{ label: "p99", value: 0.25, low: 0.21, high: 0.29 }];
  const place = axis(rows, 1.05);
  const places = [0.21, 0.25, 0.29, 1, 1.05].map(place);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
  expect(places[4]).toBeLessThan(1000);
  expect(axis([], 1.05)(1)).toBeGreaterThan(0);
});

test("predicted stands beside measured, refused predictions do not", () => {
  const bounded = { value: 0.19, low: 0.16, high: 0.24 };
  const comparison = {
    metrics: [metric],
    blamed: { journey: "browse", step: "detail" },
    predicted: { at: "p99", p99_s: bounded, refused: null, before_s: { p99: 0.812 } },
    measured: { p99_s: { value: 0.2, low: 0.18, high: 0.22 } },
  } as unknown as Comparison;
  expect(barsOf(comparison)).toMatchObject({ at: "p99", before: 0.812, predicted: bounded });
  const refused = {
    ...comparison,
    predicted: { ...comparison.predicted, refused: "saturated" },
  } as Comparison;
  expect(barsOf(refused)).toMatchObject({ predicted: null, refused: "saturated" });
  expect(barsOf({ ...comparison, blamed: null })).toBeNull();
});

test("only quantiles whose interval says so are told to have changed, stretch by stretch", () => {
  const point = (share: number, low: number, high: number) => ({
    share,
    a_s: 0.01,
    b_s: 0.01,
    ratio: (low + high) / 2,
    low,
    high,
  });
  const shift = {
    journey: "browse",
    step: "detail",
    points: [
      point(0.1, 0.7, 0.9),
      point(0.2, 0.7, 0.9),
      point(0.5, 0.5, 1.01),
      point(0.9, 0.5, 0.8),
      point(0.999, 1.1, 1.3),
    ],
  };
  expect(shiftedOf(shift, 1.05)).toBe(
    "Of browse.detail, B is faster from p10 to p20 and at p90, slower at p99.9.",
  );
  const open = { journey: null, step: null, points: [point(0.5, 0.9, 1.1)] };
  expect(shiftedOf(open, 1.05)).toBe("Of all requests, no quantile is told apart.");
});

test("what is open has a number of pairs that would decide it", () => {
  const design = { pairs: 10, smallest: { "p99 response of browse.detail": 1.08 } } as unknown as DesignTold;
  const open = { ...metric, verdict: "undecided" as const, pairs_to_decide: 24 };
  const told = (one: Metric) => settlesOf({ metrics: [one], design } as unknown as Comparison);
  expect(told(open)).toBe(
    "The smallest change of p99 response of browse.detail that it would see is 8.00 %. About 24 pairs would decide it.",
  );
  expect(told(metric)).not.toContain("decide");
  expect(settlesOf({ metrics: [], design } as unknown as Comparison)).toBe("");
});

test("runs that were not made in pairs have no random order", () => {
  const design = {
    pairs: 1,
    interleaved: false,
    measured_s: 10,
    warm_up_s: 2,
    load: "",
    spent_s: null,
    seed: 41,
  };
  expect(designOf({ design } as unknown as Comparison)).toBe(
    "Runs that were not made in pairs, each run 10\u00a0s after 2\u00a0s of warm-up",
  );
});
