/** A finding in words: the same as loadstone/render/diagnosis_text.py says on the terminal. */

import type { Bounded, CouldNotLook, Finding, Locus, Predicted } from "../causes_view";
import { duration, inUnit, share, unitOf } from "../format";
import type { Missing } from "../run_view";

/** The statement, or else the span. */
export function statementOf({ statement, span }: Locus): string {
  return statement ?? span ?? "";
}

/** "shop/views.py:88 in reviews_of". */
export function placeOf({ file, line, function: inside }: Locus): string {
  const where = file === null ? "" : line === null ? file : `${file}:${line}`;
  return [where, inside === null || inside === "" ? "" : `in ${inside}`].filter(Boolean).join(" ");
}

/** Above 31 years a number is no duration of anybody's; it is told as it stands. */
const LONGEST_S = 1e9;

/** A duration with its sign, whatever the number. */
export function signed(seconds: number): string {
  if (Math.abs(seconds) > LONGEST_S) return `${seconds.toPrecision(3)}\u00a0s`;
  return seconds < 0 ? `−${duration(-seconds)}` : duration(seconds);
}

/** "190 ms [160, 240]": the ends in the value's unit where they read well in it. */
export function bounded({ value, low, high }: Bounded): string {
  const unit = unitOf(value);
  const alike = [low, high].every((end) => end === 0 || (end > 0 && unitOf(end) === unit));
  if (value <= 0 || value >= 59.95 || !alike) return `${signed(value)} [${signed(low)}, ${signed(high)}]`;
  return `${duration(value)} [${inUnit(low, unit)}, ${inUnit(high, unit)}]`;
}

/** "71.0 % [66.0, 75.0]". */
export function boundedShare({ value, low, high }: Bounded): string {
  const plain = (part: number) => share(part).replace(/\s%$/, "");
  return `${share(value)} [${plain(low)}, ${plain(high)}]`;
}

/** What can be drawn of a prediction: before and after at the judged quantile, or at least how much less. */
export interface Change {
  at: Predicted["at"];
  before: number | null;
  after: Bounded | null;
  least: number | null;
  refused: string | null;
}

export function changeOf(predicted: Predicted): Change {
  const { at, before_s, service, refused } = predicted;
  const before = before_s[at] ?? null;
  const after = refused === null && before !== null ? predicted[`${at}_s`] : null;
  const least = service !== null && service.low > 0 ? service.low : null;
  const reason = refused ?? (after === null ? "too few requests to tell" : null);
  return { at, before, after, least: after === null ? least : null, refused: reason };
}

/** What speaks for a finding before its facts: its share of the step's time. */
export function shareOf({ share: told }: Finding): string | null {
  if (told.p99 !== null) return `${boundedShare(told.p99)} of the p99's excess over the median`;
  if (told.p50 !== null) return `${boundedShare(told.p50)} of the median request's time`;
  return null;
}

/** The other findings of the same tie, by rank. */
export function tiedWith(finding: Finding, all: readonly Finding[]): Finding[] {
  if (finding.tie === null) return [];
  return all.filter((other) => other !== finding && other.tie === finding.tie);
}

/** What was missing, and the faults that it would have shown. */
export function grouped(missed: readonly CouldNotLook[]): [missing: string, faults: string[]][] {
  const groups = new Map<string, string[]>();
  for (const { fault, missing } of missed) groups.set(missing, [...(groups.get(missing) ?? []), fault]);
  return [...groups];
}

/** How the evidence that was missing can be had, as far as its collector said. */
export function allowing(reason: string, missing: readonly Missing[]): string {
  const plain = (text: string) => text.trim().replace(/\.$/, "");
  const advice = missing.find((one) => plain(one.reason) === plain(reason))?.advice ?? "";
  return advice === "" ? "loadstone doctor says what can be seen" : advice;
}

/** Where a finding stands on the page; should two have one fingerprint, the later one's rank tells them apart. */
export function anchorOf(finding: Finding, all: readonly Finding[]): string {
  const first = all.find(({ fingerprint }) => fingerprint === finding.fingerprint);
  return `finding-${finding.fingerprint.replace(/[^\w-]/g, "_")}${first === finding ? "" : `-${finding.rank}`}`;
}

/** The finding that a link means: its fingerprint whole, or a beginning that no other has. */
export function linkedFinding(hash: string, all: readonly Finding[]): Finding | null {
  const wanted = /^#finding-(.+)$/.exec(hash)?.[1];
  if (wanted === undefined) return null;
  const fitting = all.filter(({ fingerprint }) => fingerprint.startsWith(wanted));
  return (
    fitting.find(({ fingerprint }) => fingerprint === wanted) ??
    (fitting.length === 1 ? (fitting[0] ?? null) : null)
  );
}
