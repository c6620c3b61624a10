import { describe, expect, it } from "vitest";
import { edge, ink, most, usedBands } from "../src/chart/heat";
import { isDuration, moreIsBetter, places } from "../src/parts/interval";
import type { LatencySet, SloResult, StepSummary } from "../src/run_view";
import { byJourney, worstRows } from "../src/sections/steps";

const slo = (objective: string, value: number, limit: number, interval: [number, number]): SloResult => ({
  name: "one",
  outcome: "pass",
  good: 1,
  bad: 0,
  value,
  limit,
  interval,
  objective,
  reason: null,
});

describe("an objective drawn", () => {
  it("knows its unit and its good side", () => {
    expect(isDuration(slo("p99 < 300ms", 0.2, 0.3, [0.1, 0.2]))).toBe(true);
    expect(isDuration(slo("errors < 0.1%", 0, 0.001, [0, 0]))).toBe(false);
    expect(moreIsBetter(slo("99% < 300ms", 0.995, 0.99, [0.99, 1]))).toBe(true);
  });
  it("puts a better value on the good side of the limit, and all of it inside", () => {
    const cases = [
      { slo: slo("p99 < 300ms", 0.2, 0.3, [0.15, 0.25]), good: true },
      { slo: slo("p99 < 300ms", 2, 0.3, [1.9, 2.1]), good: false },
      { slo: slo("errors < 0.1%", 0, 0.001, [0, 0.0002]), good: true },
      { slo: slo("99% < 300ms", 0.999, 0.99, [0.998, 0.9995]), good: true },
      { slo: slo("99% < 300ms", 0.95, 0.99, [0.94, 0.96]), good: false },
    ];
    for (const { slo, good } of cases) {
      const { limit, value, ends } = places(slo);
      const left = (value ?? NaN) < limit;
      expect(moreIsBetter(slo) ? !left : left).toBe(good);
      for (const place of [limit, value ?? NaN, ...(ends ?? [])]) {
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe("the heat map", () => {
  const heat = {
    t_s: [1, 2],
    edges_s: [0, 1, 2, 4, 8],
    counts: [
      [0, 0, 3, 0],
      [0, 0, 9, 0],
    ],
  };
  it("shows the bands in use with one of air", () => expect(usedBands(heat)).toEqual([1, 3]));
  it("has no bands without responses", () =>
    expect(usedBands({ ...heat, counts: [[0, 0, 0, 0]] })).toBeNull());
  it("begins above nought", () => expect(edge(heat, 0)).toBe(0.5));
  it("lets one response be seen beside many", () => {
    expect(most(heat)).toBe(9);
    expect(ink(0, 900)).toBe(0);
    expect(ink(1, 900)).toBeGreaterThan(0.1);
    expect(ink(900, 900)).toBe(1);
  });
});

describe("the worst cell", () => {
  const row = (step: string | null, errors: number): StepSummary => ({
    journey: "a",
    step,
    requests: 10,
    errors,
    results: {},
    latency_s: {} as LatencySet,
  });
  const worst = (...rows: StepSummary[]) =>
    [
      ...worstRows(
        rows,
        ({ errors }) => errors,
        ({ errors }) => String(errors),
      ),
    ].map(({ step }) => step);
  it("is a step's, not its journey's", () =>
    expect(worst(row(null, 9), row("x", 1), row("y", 8))).toEqual(["y"]));
  it("is shared where cells read the same", () =>
    expect(worst(row("x", 8), row("y", 8), row("z", 1))).toEqual(["x", "y"]));
  it("stands among steps that follow their journey", () => {
    const rows = byJourney([row("x", 1), row("y", 1), row(null, 2)]);
    expect(rows.map(({ step }) => step)).toEqual([null, "x", "y"]);
  });
  it("is nowhere where all read the same", () => {
    expect(worst(row("x", 8), row("y", 8))).toEqual([]);
    expect(worst(row("x", 0), row("y", 0))).toEqual([]);
    expect(worst(row("x", 5))).toEqual([]);
  });
});
