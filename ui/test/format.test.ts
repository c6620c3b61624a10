import { describe, expect, it } from "vitest";
import {
  clock,
  count,
  duration,
  finestUnit,
  inUnit,
  instant,
  rate,
  share,
  size,
  span,
  stepName,
  unbroken,
} from "../src/format";
import formats from "./formats.json";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

/** tests/render/test_html.py holds the same file against the terminal's formats. */
describe("numbers read as in the terminal", () => {
  const formatters = { duration, rate, share, size, count };
  for (const [name, cases] of Object.entries(formats) as [keyof typeof formatters, [number, string][]][]) {
    it.each(cases)(`${name} of %d is %s`, (value, text) => expect(plain(formatters[name](value))).toBe(text));
  }
});

describe("other words", () => {
  it("tells a missing value by a dash", () =>
    expect([duration(null), rate(undefined), share(null)]).toEqual(["–", "–", "–"]));
  it("tells moments", () =>
    expect([clock(7), clock(754), clock(3723), clock(50.06, 1)]).toEqual([
      "0:07",
      "12:34",
      "1:02:03",
      "0:50.1",
    ]));
  it("tells what came before the run", () => expect(clock(-1.4, 1)).toBe("-0:01.4"));
  it("carries a rounded second into the minute", () => expect(clock(59.96, 1)).toBe("1:00.0"));
  it("tells lengths", () =>
    expect([span(30), span(1.5), span(80)].map(plain)).toEqual(["30 s", "1.5 s", "1 min 20 s"]));
  it("tells the start in UTC", () =>
    expect(instant(1_795_428_930_000_000_000)).toBe("2026-11-23 10:15:30 UTC"));
  it("keeps units beside their numbers", () => {
    expect(unbroken("p99 812 ms, 3 %, 40 scores, 5 min")).toBe(
      "p99 812\u00a0ms, 3\u00a0%, 40 scores, 5\u00a0min",
    );
  });
  it("names steps", () =>
    expect([stepName("browse", null), stepName("browse", "list")]).toEqual(["browse", "browse.list"]));
  it("finds the unit in which the smallest value can be read", () => {
    const unit = finestUnit([null, 0.0024, 2]);
    expect([unit.name, inUnit(0.0024, unit), inUnit(2, unit), inUnit(null, unit)]).toEqual([
      "ms",
      "2.40",
      "2,000",
      "–",
    ]);
  });
});
