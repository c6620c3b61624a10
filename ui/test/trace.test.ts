import { describe, expect, it } from "vitest";
import type { SpanView, TraceView } from "../src/run_view";
import { spentOn } from "../src/trace/kinds";
import { titleOf } from "../src/trace/line";
import { covered, outline, uncovered } from "../src/trace/outline";
import { keyOf, matches, reveal, rowAbove, rowsOf, turn } from "../src/trace/rows";
import { UNITS, bandPath, bar, placeOf, ticks } from "../src/trace/scale";
import { sightOf } from "../src/trace/windowed";

function span(name: string, parent: number | null, start_s: number, duration_s: number, more = {}): SpanView {
  return {
    ...{ id: name, parent, depth: 0, name, service: "shop", kind: "internal", start_s, duration_s },
    ...{
      self_s: 0,
      critical_s: 0,
      error: false,
      statement: null,
      where: null,
      function: null,
      attributes: {},
    },
    ...more,
  };
}

function trace(spans: SpanView[], critical: TraceView["critical"] = []): TraceView {
  const row = {
    ...{ trace_id: "aa", why: "slowest", name: "GET /", journey: null, step: null, request: null },
    ...{ at_s: 0, duration_s: spans[0]?.duration_s ?? 0, spans: spans.length, error: false },
  };
  return { row, spans, critical, cut: 0 };
}

/** A server span of 10 s with `count` like statements of 0.1 s from 1 s on, and one other child at the end. */
function nPlusOne(count: number): TraceView {
  const select = { statement: "SELECT ?", kind: "client" };
  return trace([
    span("GET /", null, 0, 10, { kind: "server" }),
    ...Array.from({ length: count }, (_none, at) => span("SELECT", 0, 1 + 0.1 * at, 0.1, select)),
    span("render", 0, 9, 1),
  ]);
}

describe("an outline", () => {
  it("groups five like siblings and leaves four as they are", () => {
    const kinds = (count: number) =>
      rowsOf(outline(nPlusOne(count)), new Set()).map(({ entry }) => entry.kind);
    expect(kinds(4)).toEqual(["span", "gap", "span", "span", "span", "span", "gap", "span"]);
    expect(kinds(41)).toEqual(["span", "gap", "group", "gap", "span"]);
  });
  it("groups likes that stand apart, and tells other statements from them", () => {
    const turns = Array.from({ length: 12 }, (_none, at) =>
      span("q", 0, at, 0.5, { statement: `S${at % 2}` }),
    );
    const tree = outline(trace([span("root", null, 0, 12), ...turns]));
    const groups = (tree.under.get(0) ?? []).filter((entry) => entry.kind === "group");
    expect(groups.map(({ members }) => members.length)).toEqual([6, 6]);
    expect(tree.groupOf.get(3)).toBe(1);
  });
  it("names long stretches without a child, in order of time", () => {
    const tree = outline(nPlusOne(41));
    const gaps = (tree.under.get(0) ?? []).flatMap((entry) =>
      entry.kind === "gap" ? [[entry.start, entry.end]] : [],
    );
    expect(gaps).toEqual([
      [0, 1],
      [expect.closeTo(5.1, 9), 9],
    ]);
  });
  it("looks for gaps in a server without children, not in a statement", () => {
    const tree = outline(trace([span("GET /", null, 0, 1, { kind: "server" })]));
    expect(rowsOf(tree, new Set()).map(({ entry }) => entry.kind)).toEqual(["span", "gap"]);
    const leaf = outline(trace([span("SELECT", null, 0, 1, { kind: "client" })]));
    expect(rowsOf(leaf, new Set())).toHaveLength(1);
  });
  it("takes a parent that does not come before its child for none", () => {
    const odd = outline(
      trace([span("a", 0, 0, 1), span("b", 7, 0, 1), span("c", -3, 0, 1), span("d", 1.5, 0, 1)]),
    );
    expect(odd.parents).toEqual([-1, -1, -1, -1]);
    expect(rowsOf(odd, new Set())).toHaveLength(4);
  });
  it("carries a chain of 5,000 without running out of stack", () => {
    const chain = Array.from({ length: 5000 }, (_none, at) => span(`s${at}`, at === 0 ? null : at - 1, 0, 1));
    expect(rowsOf(outline(trace(chain)), new Set())).toHaveLength(5000);
  });
});

describe("time of its own", () => {
  it("is what no child covers, overlaps counted once, children clipped to their parent", () => {
    const spans = [span("p", null, 1, 4), span("a", 0, 1.5, 1), span("b", 0, 2, 1), span("late", 0, 4.5, 9)];
    expect(uncovered(spans[0] as SpanView, [1, 2, 3], spans)).toEqual([
      [1, 1.5],
      [3, 4.5],
    ]);
  });
  it("is all of a leaf and nothing of a span that is wholly covered", () => {
    const spans = [span("p", null, 0, 1), span("a", 0, -1, 5)];
    expect(uncovered(spans[0] as SpanView, [], spans)).toEqual([[0, 1]]);
    expect(uncovered(spans[0] as SpanView, [1], spans)).toEqual([]);
  });
  it("adds up stretches without counting any twice", () => {
    expect(covered([[0, 2], [1, 3], [5, 6], [5, 5.5]])).toBe(4); // prettier-ignore
    expect(covered([])).toBe(0);
  });
});

describe("rows", () => {
  it("fold and unfold, a group's members one deeper", () => {
    const tree = outline(nPlusOne(5));
    const shut = rowsOf(tree, new Set());
    const group = shut.find(({ entry }) => entry.kind === "group");
    expect(group?.open).toBe(false);
    const open = rowsOf(tree, turn(new Set(), group?.key ?? ""));
    expect(open.filter(({ depth }) => depth === 2)).toHaveLength(5);
    expect(rowsOf(tree, turn(new Set(), "s0"))).toHaveLength(1);
    expect(turn(turn(new Set(), "s0"), "s0").size).toBe(0);
  });
  it("are revealed with all that stands above them", () => {
    const tree = outline(nPlusOne(41));
    const turned = reveal(tree, new Set(["s0"]), 20);
    const rows = rowsOf(tree, turned);
    const at = rows.findIndex((row) => row.key === "s20");
    expect(at).toBeGreaterThan(0);
    expect(rows[rowAbove(rows, at)]?.entry.kind).toBe("group");
    expect(rowAbove(rows, 0)).toBe(0);
  });
  it("have keys of their own", () => {
    const rows = rowsOf(outline(nPlusOne(41)), new Set(["g1"]));
    expect(new Set(rows.map(({ entry }) => keyOf(entry))).size).toBe(rows.length);
  });
  it("in sight are few, however many there are", () => {
    const { first, last } = sightOf(28 * 2500, 512, 28, 5000);
    expect(first).toBeLessThanOrEqual(2500);
    expect(last).toBeGreaterThanOrEqual(2518);
    expect(last - first).toBeLessThan(60);
    expect(sightOf(0, 512, 28, 3)).toEqual({ first: 0, last: 2 });
  });
});

describe("search", () => {
  const spans = [
    span("GET /", null, 0, 1),
    span("SELECT", 0, 0, 1, { statement: "SELECT * FROM Review" }),
    span("call", 0, 0, 1, { attributes: { "url.full": "http://x/?a=(b" }, error: true }),
  ];
  it("reads names, statements and attributes as plain text in either case", () => {
    expect(matches(spans, "review")).toEqual([1]);
    expect(matches(spans, "?a=(B")).toEqual([2]);
    expect(matches(spans, "error")).toEqual([2]);
    expect(matches(spans, ".*")).toEqual([]);
    expect(matches(spans, "  ")).toEqual([]);
  });
});

describe("words of a span", () => {
  it("say the statement or the address rather than a verb alone", () => {
    expect(titleOf(span("SELECT", null, 0, 1, { statement: "SELECT  a\n FROM b" }))).toBe("SELECT a FROM b");
    expect(
      titleOf(span("GET", null, 0, 1, { kind: "client", attributes: { "url.full": "http://x/" } })),
    ).toBe("GET  http://x/");
    expect(titleOf(span("GET /", null, 0, 1, { kind: "server", attributes: { "url.path": "/" } }))).toBe(
      "GET /",
    );
  });
  it("tell what the time went into", () => {
    expect(spentOn(span("a", null, 0, 1, { statement: "x" })).word).toBe("database");
    expect(spentOn(span("a", null, 0, 1, { kind: "client" })).word).toBe("call to another service");
    expect(spentOn(span("a", null, 0, 1, { kind: "consumer" })).word).toBe("queue or message");
    expect(spentOn(span("a", null, 0, 1, { kind: "server" })).word).toBe("the service's own");
  });
});

describe("a scale", () => {
  const shown = { from: 1, to: 3 };
  it("places instants, and keeps thin bars to be seen", () => {
    expect(placeOf(2, shown)).toBe(UNITS / 2);
    expect(bar(2, 2, shown)).toEqual({ x: 500, width: 1.5 });
    expect(bar(0, 9, shown)).toEqual({ x: 0, width: UNITS });
    expect(bar(4, 5, shown)).toBeNull();
    expect(bar(3, 3, shown)?.x).toBe(UNITS - 1.5);
  });
  it("draws stretches that touch as one", () => {
    const many = Array.from({ length: 5000 }, (_none, at): [number, number] => [
      1 + at / 2500,
      1 + at / 2500,
    ]);
    expect(bandPath(many, shown, 0, 3).split("M")).toHaveLength(2);
    expect(bandPath([[1, 1.5], [2, 2.5]], shown, 0, 3)).toBe("M0 0h250v3h-250zM500 0h250v3h-250z"); // prettier-ignore
    expect(bandPath([[8, 9]], shown, 0, 3)).toBe("");
  });
  it("ticks at round durations", () => {
    expect(ticks({ from: 0, to: 1.02 }, 6)).toEqual([0, 0.2, 0.4, expect.closeTo(0.6), 0.8, 1]);
    expect(ticks({ from: 5, to: 5 }, 6)).toEqual([5]);
  });
});
