import { describe, expect, test } from "vitest";
import { axis } from "../src/traffic/likeness";
import type { Likeness } from "../src/traffic_view";

const told = (value: number, low: number | null = null, high: number | null = null) => ({ value, low, high });

function row(workload: number | null, naive: number | null): Likeness {
  return {
    measure: "mix",
    workload: workload === null ? null : told(workload, workload / 2, workload * 2),
    naive: naive === null ? null : told(naive),
    replay: null,
    window_s: null,
    verdict: "closer",
  };
}

describe("the axis of distances", () => {
  test("goes from 0 to the farthest end of an interval, by the square root", () => {
    const place = axis([row(0.5, 0.9), row(null, 0.25)]);
    expect([0, 0.25, 1].map(place)).toEqual([0, 500, 1000]);
  });

  test("holds rows that tell nothing, and distances of 0", () => {
    expect(axis([row(null, null)])(0)).toBe(0);
    expect(axis([row(0, 0)])(0)).toBe(0);
    expect(axis([])(-1)).toBe(0);
  });
});
