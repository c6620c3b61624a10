/** Numbers as people read them: three significant digits, the unit beside them, the same words as the terminal. */

export const MISSING = "–";

/** Between a number and its unit: a line never breaks there. */
const NB = "\u00a0";

const UNITS = [
  { name: "us", seconds: 1e-6 },
  { name: "ms", seconds: 1e-3 },
  { name: "s", seconds: 1 },
] as const;

export type Unit = (typeof UNITS)[number];

/** Three significant digits, trailing zeros kept, thousands apart: 3.10, 44.2, 812, 12,300. */
export function significant(value: number): string {
  const rounded = Number(value.toPrecision(3));
  if (rounded === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(rounded)) + 1e-12);
  return magnitude > 2 ? count(rounded) : rounded.toFixed(2 - magnitude);
}

/** The unit in which a duration reads best: 0.9996 ms is "1.00 ms", not "1000 us". */
export function unitOf(seconds: number): Unit {
  const rounded = Number(Math.abs(seconds).toPrecision(3));
  if (rounded >= 1) return UNITS[2];
  return rounded >= 1e-3 ? UNITS[1] : UNITS[0];
}

export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return MISSING;
  if (seconds === 0) return `0${NB}s`;
  if (Number(seconds.toPrecision(3)) >= 60) return minutes(seconds);
  const unit = unitOf(seconds);
  return `${significant(seconds / unit.seconds)}${NB}${unit.name}`;
}

/** From a minute on two units, the smaller rounded: 4 min 12 s, 1 h 5 min. */
function minutes(seconds: number): string {
  let whole = seconds < 3599.5 ? Math.round(seconds) : Math.round(seconds / 60) * 60;
  const hours = Math.floor(whole / 3600);
  whole -= hours * 3600;
  const parts: [number, string][] = [
    [hours, "h"],
    [Math.floor(whole / 60), "min"],
    [whole % 60, "s"],
  ];
  return parts
    .filter(([value]) => value > 0)
    .map(([value, name]) => `${value}${NB}${name}`)
    .join(" ");
}

/** One unit for a whole table: the coarsest in which its smallest value is at least a tenth. */
export function finestUnit(values: readonly (number | null)[]): Unit {
  const known = values.filter((value): value is number => value !== null && value > 0);
  return known.length === 0 ? UNITS[1] : unitOf(10 * Math.min(...known));
}

export function inUnit(seconds: number | null, unit: Unit): string {
  return seconds === null ? MISSING : significant(seconds / unit.seconds);
}

export function count(value: number): string {
  const [whole = "", rest] = String(value).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

export function rate(perSecond: number | null | undefined): string {
  return perSecond === null || perSecond === undefined ? MISSING : `${significant(perSecond)}/s`;
}

/** A percentage: 0.420 %, 12.4 %. What is below one never reads 100 %: 0.9999 is 99.99 %. */
export function share(value: number | null | undefined): string {
  if (value === null || value === undefined) return MISSING;
  const percent = value * 100;
  if (value < 1 && Number(percent.toPrecision(3)) >= 100) {
    const missing = (1 - value) * 100;
    const places = Math.max(1, -Math.floor(Math.log10(missing) + 1e-9));
    const shown = Math.min(100 - missing, 100 - 10 ** -places);
    return `${shown.toFixed(places)}${NB}%`;
  }
  return `${significant(percent)}${NB}%`;
}

export function size(bytes: number): string {
  if (Math.abs(bytes) < 1000 && Number.isInteger(bytes)) return `${bytes}${NB}B`;
  let rest = bytes;
  for (const unit of ["B", "KiB", "MiB"]) {
    if (Math.abs(Number(rest.toPrecision(3))) < 1000) return `${significant(rest)}${NB}${unit}`;
    rest /= 1024;
  }
  return `${significant(rest)}${NB}GiB`;
}

/** A moment of the run: 0:07, 12:30, 1:02:03; with decimals for a single request. */
export function clock(seconds: number, decimals = 0): string {
  if (seconds < 0) return `-${clock(-seconds, decimals)}`;
  const scale = 10 ** decimals;
  const total = Math.round(seconds * scale) / scale;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = (total % 60).toFixed(decimals).padStart(decimals === 0 ? 2 : 3 + decimals, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** A length that was set, without needless zeros: 30 s, 1.5 s, 2 min. */
export function span(seconds: number): string {
  if (seconds >= 60) return minutes(seconds);
  return `${String(Number(seconds.toFixed(1)))}${NB}s`;
}

/** Wall-clock time of the run's start, in UTC so that two readers see the same. */
export function instant(ns: number): string {
  const text = new Date(ns / 1e6).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A step's name as everywhere else: journey.step, or the journey alone. */
export function stepName(journey: string, step: string | null): string {
  return step === null ? journey : `${journey}.${step}`;
}

/** A sentence whose numbers keep their units on the same line. */
export function unbroken(sentence: string): string {
  return sentence.replace(/(\d) (?=(?:us|ms|s|min|h|%|B|KiB|MiB|GiB)(?![\w-]))/g, `$1${NB}`);
}
