/** What a comparison says, in the terminal's words: verdicts, levels with their unit, ratios with their interval. */

import { MISSING, count, duration, plural, rate, share, significant, size, span } from "../format";
import type { Mark } from "../parts/verdict";
import type {
  Comparison,
  DesignTold,
  GateVerdict,
  GuardResult,
  Metric,
  ShiftPoint,
  StepShift,
  Verdict,
} from "../proof_view";

export const VERDICT: Record<Verdict, { mark: Mark; word: string }> = {
  faster: { mark: "pass", word: "Faster" },
  "not-worse": { mark: "pass", word: "Not worse" },
  slower: { mark: "fail", word: "Slower" },
  undecided: { mark: "undecided", word: "Undecided" },
  invalid: { mark: "invalid", word: "Invalid" },
};

export const GATE: Record<GateVerdict, string> = {
  pass: "Pass",
  fail: "Fail",
  undecided: "Undecided",
  invalid: "Invalid",
};

/** What an experiment answers, a gate's words too. */
export const ANSWER: Record<Verdict | GateVerdict, { mark: Mark; word: string }> = {
  ...VERDICT,
  pass: { mark: "pass", word: GATE.pass },
  fail: { mark: "fail", word: GATE.fail },
};

export const REASON = {
  confirmed: "for the stated reason",
  refuted: "not for the stated reason",
  "no-effect": "no effect",
} as const;

/** Of what is counted, or where more is better, nothing is faster: it is better or worse. */
export function wordOf(metric: Metric): string {
  const time = metric.unit === "s" && metric.method !== "by count";
  if (time) return VERDICT[metric.verdict].word;
  return { ...GENERAL }[metric.verdict];
}

const GENERAL: Record<Verdict, string> = {
  faster: "Better",
  slower: "Worse",
  "not-worse": "Not worse",
  undecided: "Undecided",
  invalid: "Invalid",
};

/** As a guardrail names it: "p99 response of browse.detail". */
export function labelOf({ name, journey, step }: Pick<Metric, "name" | "journey" | "step">): string {
  if (journey === null) return name;
  return `${name} of ${step === null ? journey : `${journey}.${step}`}`;
}

export function level(value: number | null, unit: string): string {
  if (value === null) return MISSING;
  const sign = value < 0 ? "-" : "";
  const amount = Math.abs(value);
  if (unit === "s") return sign + duration(amount);
  if (unit === "/s") return sign + rate(amount);
  if (unit === "share") return amount === 0 ? "0 %" : sign + share(amount);
  if (unit === "bytes") return sign + size(Number(amount.toPrecision(6)));
  return sign + significant(amount);
}

const MOST_DECIMALS = 4;

/** "0.25 [0.21, 0.29]": as few decimals, from two, as leave the verdict to be seen (loadstone/model/ratio_words.py). */
export function ratio(value: number | null, low: number | null, high: number | null, margin = 1.05): string {
  if (value === null) return MISSING;
  const ends = [low, high].filter((end) => end !== null);
  let places = 2;
  while (places < MOST_DECIMALS && !tells([value, ...ends], ends, places, margin)) places += 1;
  if (ends.length === 0) return `${fixed(value, places)}, no interval`;
  return `${fixed(value, places)} [${low === null ? "-" : fixed(low, places)}, ${high === null ? "-" : fixed(high, places)}]`;
}

function tells(shown: number[], ends: number[], places: number, margin: number): boolean {
  if (shown.some((value) => value > 0 && value < 1 && places + Math.floor(Math.log10(value)) < 1))
    return false;
  const side = (value: number, limit: number) => Math.sign(value - limit);
  return ends.every((end) =>
    [1, margin].every((limit) => side(end, limit) === side(Number(end.toFixed(places)), limit)),
  );
}

function fixed(value: number, places: number): string {
  if (value >= 100) return count(Math.round(value));
  if (value >= 10) return value.toFixed(1);
  return value >= 10 ** -MOST_DECIMALS || value === 0 ? value.toFixed(places) : value.toPrecision(2);
}

/** The column B/A: a ratio, a difference in its own unit, or that it was counted. */
export function effect(metric: Metric): string {
  if (metric.ratio !== null)
    return `${ratio(metric.ratio, metric.low, metric.high, metric.margin)}${metric.more_is_better ? " A/B" : ""}`;
  if (metric.a === null || metric.b === null) return MISSING;
  const middle = signed(metric.b - metric.a, metric.unit);
  if (metric.low === metric.high) return middle;
  const end = (value: number | null) => (value === null ? "-" : signed(value, metric.unit));
  return `${middle} [${end(metric.low)}, ${end(metric.high)}]`;
}

export function signed(value: number, unit: string): string {
  const text = level(value, unit);
  return value > 0 ? `+${text}` : text;
}

export function allowed(metric: Metric): string {
  return metric.ratio === null
    ? `+${level(metric.margin, metric.unit)}`
    : `${significant(Math.abs(metric.margin - 1) * 100)} %`;
}

/** "10 interleaved pairs, seed 41, each run 10 s after 2 s of warm-up at 50/s; 4 min 12 s in all". */
export function designOf({ design }: Comparison): string {
  const pairs = design.interleaved
    ? `${plural(design.pairs, "interleaved pair")} in random order (seed ${design.seed})`
    : "Runs that were not made in pairs";
  const runs = `each run ${span(design.measured_s)} after ${span(design.warm_up_s)} of warm-up`;
  const spent = design.spent_s === null ? "" : `; ${duration(design.spent_s)} in all`;
  const load = design.load === "" ? "" : ` at ${design.load}`;
  return `${pairs}, ${runs}${load}${spent}`;
}

/** "p50", "p99.9". */
export const quantile = (share: number) => `p${Number((share * 100).toFixed(2))}`;

/** Where it changed, in a sentence: only quantiles whose own interval says so, in the stretches that they form. */
export function shiftedOf({ journey, step, points }: StepShift, margin: number): string {
  const name = journey === null ? "all requests" : step === null ? journey : `${journey}.${step}`;
  const faster = stretches(points, ({ high }) => high < 1);
  const slower = stretches(points, ({ low }) => low > margin);
  if (faster === "" && slower === "") return `Of ${name}, no quantile is told apart.`;
  const told = [faster && `faster ${faster}`, slower && `slower ${slower}`].filter(Boolean).join(", ");
  return `Of ${name}, B is ${told}.`;
}

function stretches(points: readonly ShiftPoint[], holds: (point: ShiftPoint) => boolean): string {
  const found: [string, string][] = [];
  let within = false;
  for (const point of points) {
    const here = quantile(point.share);
    const last = found[found.length - 1];
    if (holds(point)) {
      if (within && last !== undefined) last[1] = here;
      else found.push([here, here]);
    }
    within = holds(point);
  }
  return found
    .map(([first, last]) => (first === last ? `at ${first}` : `from ${first} to ${last}`))
    .join(" and ");
}

/** After how many pairs it was looked, where that was more than once. */
export function looksOf({ looks, level: sure }: DesignTold): string {
  const percent = `${Number((sure * 100).toFixed(1))} %`;
  if (looks.length < 2) return `Intervals are at ${percent}.`;
  return `It was judged after ${looks.join(", ")} pairs at most; so that looking often costs no errors, intervals are at ${percent}.`;
}

/** What this design could see, and how many pairs would decide what is open. */
export function settlesOf({ metrics, design }: Comparison): string {
  const judged = metrics.find((metric) => metric.judged);
  if (judged === undefined) return "";
  const smallest = design.smallest[labelOf(judged)];
  const seen =
    smallest === undefined || !(smallest > 1)
      ? ""
      : `The smallest change of ${labelOf(judged)} that it would see is ${significant((smallest - 1) * 100)} %.`;
  const more = judged.pairs_to_decide;
  const open = judged.verdict === "undecided" && more !== null && more > design.pairs;
  return [seen, open ? `About ${plural(more, "pair")} would decide it.` : ""].filter(Boolean).join(" ");
}

export function guardValue({ value, low, high, unit, limit, guard }: GuardResult): string {
  if (value === null) return "not measured";
  if (unit === "ratio") return ratio(value, low, high, limit);
  const show = guard.kind === "slo" ? level : signed;
  const end = (one: number | null) => (one === null ? "-" : show(one, unit));
  return low === high ? show(value, unit) : `${show(value, unit)} [${end(low)}, ${end(high)}]`;
}
