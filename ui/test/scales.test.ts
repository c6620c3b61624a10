import { describe, expect, it } from "vitest";
import { spread } from "../src/chart/labels";
import { logBounds, logTicks, nineTicks, nines, timeTicks, topOf } from "../src/chart/scales";

describe("the logarithmic axis", () => {
  it("holds every value with air around it", () => {
    for (const values of [[0.0031], [1e-6, 2], [0.9999, 1], [5e-5, 5e-5]]) {
      const [low, high] = logBounds(values) ?? [NaN, NaN];
      expect(low).toBeLessThan(Math.min(...values));
      expect(high).toBeGreaterThan(Math.max(...values));
      expect(high / low).toBeGreaterThanOrEqual(4);
    }
  });
  it("has no bounds without a positive value", () => expect(logBounds([null, 0])).toBeNull());
  it("ticks at 1, 2, 5 while there is room, at decades when there is not", () => {
    expect(logTicks(1e-3, 1e-2, 9)).toEqual([1e-3, 2e-3, 5e-3, 1e-2]);
    expect(logTicks(1e-6, 1, 7)).toEqual([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]);
  });
});

describe("the axis of nines", () => {
  it("gives each nine the same room", () => {
    expect(nines(0.9)).toBeCloseTo(1);
    expect(nines(0.99)).toBeCloseTo(2);
    expect(nines(1)).toBeLessThan(13);
  });
  it("names shares up to the last that the data reach", () => {
    expect(nineTicks(nines(0.9995)).map(({ label }) => label)).toEqual(["0", "50", "90", "99", "99.9"]);
  });
});

it("ticks time at round steps", () => {
  expect(timeTicks(0, 30, 6)).toEqual([0, 5, 10, 15, 20, 25, 30]);
  expect(timeTicks(0, 7200, 5)).toEqual([0, 1800, 3600, 5400, 7200]);
});

it("leaves air above a linear axis and never gives it no height", () => {
  expect(topOf([null, 10], 1)).toBeCloseTo(10.8);
  expect(topOf([], 1)).toBeCloseTo(1.08);
});

it("pushes names apart and keeps them inside", () => {
  const labels = [{ y: 95 }, { y: 96 }, { y: 97 }];
  spread(labels, 0, 100);
  expect(labels.map(({ y }) => y)).toEqual([66, 83, 100]);
});
