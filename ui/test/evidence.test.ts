import { describe, expect, it } from "vitest";
import { binaryTicks } from "../src/chart/scales";
import { align } from "../src/host/align";
import { choose, words } from "../src/host/choose";
import { viewIn } from "../src/live/follow";
import { measured } from "../src/measure";
import { inOrder } from "../src/parts/sorted_table";
import { allOf, misjudged, openAtFirst, planNode, weigh } from "../src/plan/nodes";
import type { HostSeries } from "../src/run_view";
import { answer } from "../src/sections/price";

const node = (label: string, more: object, children: object[] = []) => ({ label, ...more, children });

describe("a plan", () => {
  it("is read whatever it holds", () => {
    expect(planNode(null)).toMatchObject({ label: "step", children: [], rows: null });
    const odd = planNode({
      label: 7,
      rows: "many",
      detail: ["a", { b_c: 1, d: 0 }],
      buffers: { shared_hit: 4, read: 0 },
    });
    expect(odd).toMatchObject({ label: "step", rows: null, detail: ["a", "b c 1"], buffers: "shared hit 4" });
  });
  it("tells how far an estimate was off, both ways", () => {
    const off = (rows: number | null, estimated_rows: number | null) =>
      misjudged(planNode({ label: "x", rows, estimated_rows }));
    expect(off(4920, 41)).toEqual({ factor: 120, more: true });
    expect(off(41, 4920)).toEqual({ factor: 120, more: false });
    expect(off(0, 0)).toEqual({ factor: 1, more: true });
    expect(off(0, 50)).toEqual({ factor: 50, more: false });
    expect(off(null, 50)).toBeNull();
    expect(misjudged(planNode({ label: "x", rows: 0, estimated_rows: 50, loops: 0 }))).toBeNull();
  });
  it("weighs by time, and by cost where it was not run", () => {
    const timed = planNode(node("top", { own_s: 1, cost: 9 }, [node("scan", { own_s: 3, cost: 8 })]));
    expect(weigh(timed).by).toBe("time");
    expect(weigh(timed).costliest?.label).toBe("scan");
    expect(weigh(timed).share.get(timed)).toBe(0.25);
    const cost = planNode(node("top", { cost: 10 }, [node("a", { cost: 2 }), node("b", { cost: 1 })]));
    expect(weigh(cost).by).toBe("cost");
    expect(weigh(cost).share.get(cost)).toBe(0.7);
    expect(weigh(planNode(node("lite", {})))).toMatchObject({ by: null, costliest: null });
  });
  it("opens a small one whole, and a large one on the way to what is costly", () => {
    const small = planNode(node("top", {}, [node("a", {})]));
    expect(openAtFirst(small, weigh(small)).size).toBe(2);
    const cheap = Array.from({ length: 20 }, (_none, at) => node(`cheap ${at}`, { own_s: 0.01 }));
    const large = planNode(
      node("top", { own_s: 0 }, [...cheap, node("way", { own_s: 0 }, [node("dear", { own_s: 9 })])]),
    );
    const open = [...openAtFirst(large, weigh(large))].map(({ label }) => label);
    expect(open.sort()).toEqual(["dear", "top", "way"]);
    expect(allOf(large)).toHaveLength(23);
  });
});

const one = (
  scope: string,
  metric: string,
  unit: string,
  value: (number | null)[],
  detail: string | null = null,
): HostSeries => ({
  ...{ scope, metric, unit, value, detail },
  t_s: value.map((_value, at) => at + 1),
});

describe("host series", () => {
  const host = [
    one("generator", "cpu_cores", "cores", [0.1, 0.1]),
    one("service", "cpu_cores", "cores", [1, 2]),
    one("host", "cpu_busy_share", "share", [0.5, 0.6]),
    one("host", "cpu_steal_share", "share", [0, 0.1]),
    one("host", "cpu_user_share", "share", [0.1, 0.1]),
    one("host", "disk_read_bytes_per_s", "bytes/s", [1, 2]),
    one("host", "disk_read_bytes_per_s", "bytes/s", [1, 2], "sda"),
    one("host", "tcp_retransmits_per_s", "/s", [0, 0]),
    one("host", "procs_blocked", "threads", [null, null]),
    one("host", "cpus", "CPUs", [2, 2]),
  ];
  it("stand in panels, the service first, the generator apart", () => {
    const { first, others, nought, still } = choose(host);
    expect(first.map(({ title }) => title)).toEqual(["CPU cores in use", "CPU of the machine"]);
    expect(first[0]?.drawn.map(({ name, line }) => [name, line])).toEqual([
      ["service", "solid"],
      ["generator", "dashed"],
    ]);
    expect(first[1]?.drawn.map(({ name }) => name)).toEqual(["cpu busy", "cpu steal"]);
    expect(others.map(({ title }) => title)).toEqual(["Host: disk read"]);
    expect(others[0]?.drawn.map(({ name }) => name)).toEqual(["host disk read"]);
    expect(still.map(({ metric }) => metric)).toEqual(["cpu_user_share", "cpus"]);
    expect(nought).toEqual(["host tcp retransmits"]);
  });
  it("draw each line of a panel in a colour of its own", () => {
    const many = Array.from({ length: 20 }, (_none, at) =>
      one("host", "net_rx_bytes_per_s", "bytes/s", [at, at + 1], `eth${at}`),
    );
    const { others } = choose(many);
    expect(others).toHaveLength(4);
    for (const { drawn } of others)
      expect(new Set(drawn.map(({ colour }) => colour)).size).toBe(drawn.length);
  });
  it("are told without their units", () => {
    expect(
      ["cpu_busy_share", "rss_bytes", "net_rx_bytes_per_s", "run_wait_s_per_s", "threads"].map(words),
    ).toEqual(["cpu busy", "rss", "net rx", "run wait", "threads"]);
  });
  it("share an axis: a line runs on where another has a point, and breaks where nothing was known", () => {
    const odd = { ...one("a", "m", "", [5, null]), t_s: [1, 3] };
    const { x, t, columns } = align([one("b", "m", "", [1, 2, 3]), odd]);
    expect(t).toEqual([1, 2, 3]);
    expect(x).toEqual([0.5, 1.5, 2.5]);
    expect(columns).toEqual([
      [1, 2, 3],
      [5, undefined, null],
    ]);
    expect(align([])).toEqual({ x: [], t: [], columns: [] });
  });
});

describe("values with their units", () => {
  it.each([
    [0.0031, "s", "3.10 ms"],
    [-0.0031, "s", "−3.10 ms"],
    [0.42, "share", "42.0 %"],
    [2048, "bytes/s", "2.00 KiB/s"],
    [1.5, "cores", "1.50 cores"],
    [7, "threads", "7 threads"],
    [0.25, "/s", "0.250/s"],
    [3, "count", "3"],
    [null, "s", "–"],
  ])("%s in %s is %s", (value, unit, said) =>
    expect(measured(value, unit).replaceAll("\u00a0", " ")).toBe(said),
  );
  it("have ticks at powers of two where they are bytes", () => {
    expect(binaryTicks(100, 3)).toEqual([0, 64]);
    expect(binaryTicks(130, 4)).toEqual([0, 64, 128]);
    expect(binaryTicks(0, 3)).toEqual([0]);
  });
});

describe("sorting", () => {
  it("puts what is missing last, both ways", () => {
    const rows = [{ v: 2 }, { v: null }, { v: 3 }, { v: 1 }];
    expect(inOrder(rows, ({ v }) => v, false).map(({ v }) => v)).toEqual([1, 2, 3, null]);
    expect(inOrder(rows, ({ v }) => v, true).map(({ v }) => v)).toEqual([3, 2, 1, null]);
  });
});

describe("the observer's price", () => {
  const row = (low: number | null, high: number | null) => ({
    name: "p50",
    unit: "s",
    bare: 1,
    observed: 2,
    low,
    high,
  });
  it("is only told where it is more than chance", () => {
    expect(answer([row(null, null)])).toContain("latency verdicts from the bare one");
    expect(answer([row(-1, 1)])).toContain("more than chance");
    expect(answer([row(0.5, 1)])).toContain("p50 rose by 1.00");
  });
});

describe("a live message", () => {
  it("is a view, or holds one, or is none of ours", () => {
    expect(viewIn('{"format":1,"headline":"a"}')?.headline).toBe("a");
    expect(viewIn('{"view":{"format":1,"headline":"b"}}')?.headline).toBe("b");
    for (const text of ["", "7", "null", "{}", '{"view":null}', '{"format":2}', "nonsense"])
      expect(viewIn(text)).toBeNull();
  });
});
