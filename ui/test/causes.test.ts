import { describe, expect, it } from "vitest";
import type { Bounded, Finding, PathRow, Predicted } from "../src/causes_view";
import { answer } from "../src/causes/paths";
import { blame, placesOf } from "../src/causes/proof";
import {
  allowing,
  anchorOf,
  bounded,
  boundedShare,
  changeOf,
  grouped,
  linkedFinding,
  placeOf,
  shareOf,
  signed,
  tiedWith,
} from "../src/causes/words";
import type { TraceView } from "../src/run_view";

const between = (value: number, low: number, high: number): Bounded => ({ value, low, high });
const plain = (text: string | null) => text?.replaceAll("\u00a0", " ");

const finding = (more: Partial<Finding>) =>
  ({
    fingerprint: "3b9e17c0",
    rank: 1,
    tie: null,
    share: { p50: null, p95: null, p99: null },
    ...more,
  }) as Finding;

const predicted = (more: Partial<Predicted>): Predicted => ({
  at: "p99",
  service: between(0.5, 0.4, 0.6),
  queue: null,
  p50_s: null,
  p95_s: null,
  p99_s: between(0.19, 0.16, 0.24),
  before_s: { p99: 0.812 },
  basis: "bare",
  refused: null,
  ...more,
});

describe("an interval", () => {
  it("has one unit where it reads well in one", () => {
    expect(plain(bounded(between(0.19, 0.16, 0.24)))).toBe("190 ms [160, 240]");
    expect(plain(bounded(between(0.9, 0.5, 1.5)))).toBe("900 ms [500 ms, 1.50 s]");
    expect(plain(bounded(between(0.002, 0, 0.004)))).toBe("2.00 ms [0, 4.00]");
    expect(plain(bounded(between(-0.002, -0.004, 0.001)))).toBe("−2.00 ms [−4.00 ms, 1.00 ms]");
    expect(plain(bounded(between(90, 80, 100)))).toBe("1 min 30 s [1 min 20 s, 1 min 40 s]");
    expect(plain(boundedShare(between(0.71, 0.66, 0.75)))).toBe("71.0 % [66.0, 75.0]");
  });
  it("is told whatever it holds", () => {
    expect(plain(signed(1e300))).toBe("1.00e+300 s");
    expect(plain(bounded(between(0, 0, 0)))).toBe("0 s [0 s, 0 s]");
  });
});

describe("a prediction", () => {
  it("tells before and after at the judged quantile", () => {
    expect(changeOf(predicted({}))).toMatchObject({ before: 0.812, least: null, refused: null });
    expect(changeOf(predicted({})).after?.value).toBe(0.19);
  });
  it("that is refused leaves the reason and the least", () => {
    const change = changeOf(predicted({ refused: "too busy" }));
    expect(change).toMatchObject({ before: 0.812, after: null, least: 0.4, refused: "too busy" });
    expect(changeOf(predicted({ refused: "x", service: between(0.1, -0.1, 0.3) })).least).toBeNull();
  });
  it("without its quantile says so", () => {
    expect(changeOf(predicted({ p99_s: null })).refused).toBe("too few requests to tell");
    expect(changeOf(predicted({ before_s: {} }))).toMatchObject({ before: null, after: null });
  });
});

describe("a finding", () => {
  const all = [
    finding({}),
    finding({ fingerprint: "3b00", rank: 2, tie: 4 }),
    finding({ fingerprint: "aa", rank: 3, tie: 4 }),
    finding({ fingerprint: "aa", rank: 4 }),
  ];
  it("is linked by a beginning that no other has", () => {
    expect(linkedFinding("#finding-3b9e", all)).toBe(all[0]);
    expect(linkedFinding("#finding-3b00", all)).toBe(all[1]);
    expect(linkedFinding("#finding-3b", all)).toBeNull();
    expect(linkedFinding("#finding-", all)).toBeNull();
    expect(linkedFinding("#trace-3b9e", all)).toBeNull();
    expect(new Set(all.map((one) => anchorOf(one, all))).size).toBe(all.length);
  });
  it("names those that it is tied with", () => {
    expect(tiedWith(all[1] as Finding, all)).toEqual([all[2]]);
    expect(tiedWith(all[0] as Finding, all)).toEqual([]);
  });
  it("says where it is and how much of the time it is", () => {
    const nowhere = { journey: null, step: null, service: null, span: null, statement: null };
    expect(placeOf({ ...nowhere, file: "a.py", line: 8, function: "f" })).toBe("a.py:8 in f");
    expect(placeOf({ ...nowhere, file: null, line: 8, function: null })).toBe("");
    const share = { p50: between(0.2, 0.1, 0.3), p95: null, p99: null };
    expect(plain(shareOf(finding({ share })))).toBe("20.0 % [10.0, 30.0] of the median request's time");
    expect(shareOf(finding({}))).toBeNull();
  });
});

it("faults that were not looked for stand together by what was missing", () => {
  const missed = [
    { fault: "a", missing: "x" },
    { fault: "b", missing: "y" },
    { fault: "c", missing: "x" },
  ];
  expect(grouped(missed)).toEqual([
    ["x", ["a", "c"]],
    ["y", ["b"]],
  ]);
});

it("what was missing comes with its collector's advice", () => {
  const missing = [{ kind: "waits", reason: "No rights.", advice: "GRANT pg_monitor" }];
  expect(allowing("No rights", missing)).toBe("GRANT pg_monitor");
  expect(allowing("no stacks", missing)).toBe("loadstone doctor says what can be seen");
});

describe("offending spans", () => {
  const spans = [0, 1, 2].map((at) => ({ id: `s${at}`, start_s: at * 0.1, duration_s: 0.15 }));
  const trace = { row: { duration_s: 1 }, spans } as unknown as TraceView;
  it("are found by their ids and blamed for the time that one of them ran", () => {
    expect(placesOf(trace, ["s1", "s2", "gone"])).toEqual([1, 2]);
    expect(plain(blame(trace, new Set([1, 2]), 2))).toBe(
      "2 offending spans take 250 ms, 25.0 % of the trace",
    );
    expect(plain(blame(trace, new Set([1]), 3))).toContain("; 2 more are not drawn");
    expect(blame(trace, new Set(), 2)).toBe("its 2 offending spans are not drawn");
    expect(blame(trace, new Set(), 0)).toBe("no single span is to blame");
  });
});

describe("where the time goes", () => {
  const row = (operation: string, usual: number, more: number | null): PathRow => ({
    operation,
    service: null,
    where: null,
    count: 1,
    p50_s: between(usual, usual, usual),
    p99_excess_s: more === null ? null : between(more, more, more),
  });
  const path = {
    journey: null,
    step: "detail",
    requests: 1200,
    p50_s: 0.01,
    trace_ids: [],
    uncovered_share: null,
  };
  it("names the largest part of both", () => {
    const rows = [row("SELECT 1", 0.001, 0.5), row("render", 0.008, 0.1)];
    expect(plain(answer({ ...path, p99_s: 0.7, rows }))).toBe(
      "1,200 requests: 10.0 ms at the median, the largest part of it (80.0 %) in render; " +
        "p99 700 ms; of what that takes more, the largest part (500 ms) in SELECT 1.",
    );
  });
  it("says nothing of a p99 that cannot be told", () => {
    const told = answer({
      ...path,
      p99_s: null,
      rows: [row("x".repeat(90), 0.002, null)],
      uncovered_share: 0.5,
    });
    expect(plain(told)).toContain("; too few to tell a p99. 50.0 % of the time lies in spans' own time");
    expect(answer({ ...path, p50_s: 0, p99_s: 0, rows: [] })).toContain("at the median; p99");
  });
});
