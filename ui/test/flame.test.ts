import { describe, expect, it } from "vitest";
import { find, heaviest } from "../src/flame/find";
import { beside, heaviestChild, inverted, layout, nameOf, nodeAt } from "../src/flame/layout";
import { COLOURS, colourOf, moduleOf, shortened } from "../src/flame/module";

// main 1 + (a 2 + (b 3), b 4 + (a 1 + (b 1)))
const view = {
  frames: ["main (app.py:1)", "a (app.py:2)", "b (lib.py:3)"],
  frame: [0, 1, 2, 2, 1, 2],
  parent: [-1, 0, 1, 0, 3, 4],
  own: [1, 2, 3, 4, 1, 1],
};

describe("a flame graph's layout", () => {
  const flame = layout(view);
  it("adds up what is below, and puts the heaviest child first", () => {
    expect([...flame.total]).toEqual([12, 5, 3, 6, 2, 1]);
    expect(flame.sum).toBe(12);
    expect(flame.levels).toEqual([[0], [3, 1], [4, 2], [5]]);
    expect([...flame.left]).toEqual([0, 6, 6, 0, 0, 0]);
  });
  it("knows the node under a point", () => {
    expect(nodeAt(flame, 1, 5.9)).toBe(3);
    expect(nodeAt(flame, 1, 6)).toBe(1);
    expect(nodeAt(flame, 1, 11.5)).toBe(-1);
    expect(nodeAt(flame, 9, 0)).toBe(-1);
  });
  it("walks", () => {
    expect(heaviestChild(flame, -1)).toBe(0);
    expect(heaviestChild(flame, 0)).toBe(3);
    expect(heaviestChild(flame, 5)).toBe(-1);
    expect(beside(flame, 3, 1)).toBe(1);
    expect(beside(flame, 3, -1)).toBe(3);
    expect(nameOf(flame, 4)).toBe("a (app.py:2)");
  });
  it("stands several roots beside one another, and takes a broken parent for none", () => {
    const roots = layout({ frames: ["x"], frame: [0, 0, 0], parent: [-1, -1, 9], own: [1, 2, 4] });
    expect(roots.levels).toEqual([[2, 1, 0]]);
    expect(roots.sum).toBe(7);
  });
  it("is empty of nothing", () => {
    const none = layout({ frames: [], frame: [], parent: [], own: [] });
    expect(none.levels).toEqual([]);
    expect(none.sum).toBe(0);
    expect(heaviest(none)).toEqual([]);
  });
});

describe("bottom up", () => {
  it("keeps the weight, each frame with time of its own at the top", () => {
    const up = layout(inverted(layout(view)));
    expect(up.sum).toBe(12);
    const tops = (up.levels[0] ?? []).map((node) => [nameOf(up, node).slice(0, 1), up.total[node]]);
    expect(tops).toEqual([
      ["b", 8],
      ["a", 3],
      ["m", 1],
    ]);
    const callers = (up.levels[1] ?? []).map((node) => [nameOf(up, node).slice(0, 1), up.total[node]]);
    expect(callers).toContainEqual(["m", 4]);
    expect(callers).toContainEqual(["a", 4]);
  });
});

describe("finding frames", () => {
  const flame = layout(view);
  it("counts what lies in them once, however often they nest", () => {
    expect(find(flame, "B (")?.weight).toBe(9);
    expect(find(flame, "app.py")?.weight).toBe(12);
    expect(find(flame, ".*")).toMatchObject({ weight: 0, nodes: [] });
    expect(find(flame, " ")).toBeNull();
    expect(find(flame, "lib")?.nodes).toEqual([3, 2, 5]);
  });
  it("lists the heaviest, a frame that calls itself counted once", () => {
    expect(heaviest(flame)).toEqual([
      { name: "b (lib.py:3)", own: 8, total: 9 },
      { name: "a (app.py:2)", own: 3, total: 7 },
      { name: "main (app.py:1)", own: 1, total: 12 },
    ]);
  });
  it("does so in a deep tree without running out of stack", () => {
    const size = 20_000;
    const deep = layout({
      frames: ["f", "g"],
      frame: Array.from({ length: size }, (_none, at) => at % 2),
      parent: Array.from({ length: size }, (_none, at) => at - 1),
      own: Array.from({ length: size }, () => 1),
    });
    expect(deep.levels).toHaveLength(size);
    expect(heaviest(deep)[0]).toEqual({ name: "f", own: size / 2, total: size });
  });
});

describe("a module", () => {
  it.each([
    ["view (/srv/shop/views.py:88)", "shop"],
    ["get (/v/lib/python3.12/site-packages/django/db/query.py:4)", "django"],
    ["loads (/usr/lib/python3.12/json/decoder.py:3)", "json"],
    ["send (/usr/lib/python3.12/socket.py:3)", "socket"],
    ["f (/app/node_modules/@hapi/hapi/lib/core.js:3)", "@hapi/hapi"],
    ["main (app.py:1)", "app"],
    ["__libc_start_main", "__libc_start_main"],
    ["", "unknown"],
  ])("of %s is %s", (frame, module) => expect(moduleOf(frame)).toBe(module));
  it("has one colour, on every page", () => {
    expect(colourOf("django")).toBe(colourOf("django"));
    const names = Array.from({ length: 400 }, (_none, at) => `module${at}`);
    const used = new Set(names.map(colourOf));
    expect(used.size).toBe(COLOURS);
    expect(Math.min(...used)).toBe(0);
  });
  it("is told without the way to it", () => {
    expect(shortened("get (/v/lib/python3.12/site-packages/django/db/query.py:4)")).toBe(
      "get (django/db/query.py:4)",
    );
    expect(shortened("view (/srv/shop/views.py:88)")).toBe("view (/srv/shop/views.py:88)");
  });
});
