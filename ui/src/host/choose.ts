/** Which host series stand together in a panel, which of them a reader sees first, and how each is drawn. */

import type { Line } from "../chart/panel";
import type { HostSeries } from "../run_view";

export interface DrawnSeries {
  series: HostSeries;
  name: string;
  colour: "ink" | "muted" | "accent" | "span-own" | "span-database" | "span-call" | "span-message";
  line: Line;
}

export interface HostPanel {
  title: string;
  unit: string;
  drawn: DrawnSeries[];
}

/** More lines than these in one panel are not told apart. */
const LINES = 6;

/** What a reader looks at first, in this order: the resources, and who waits for them; loadstone/model/host_metrics.py. */
const FIRST: { title: string; metric: RegExp; scopes?: string[] }[] = [
  { title: "CPU cores in use", metric: /^cpu_(quota_)?cores$/ },
  { title: "CPU of the machine", metric: /^cpu_(busy|steal|iowait)_share$/, scopes: ["host"] },
  { title: "CPU kept from the control group", metric: /^cpu_throttled_share$/ },
  {
    title: "Time in which something waited for a resource",
    metric: /^(cpu|io|memory)_pressure_share$/,
    scopes: ["host"],
  },
  { title: "Threads ready to run", metric: /^procs_running$/ },
  { title: "Memory of the processes", metric: /^rss_bytes$/ },
  { title: "Connections of the database", metric: /^connections/, scopes: ["database"] },
  { title: "TCP sockets", metric: /^tcp_in_use$/ },
];

export interface HostChoice {
  first: HostPanel[];
  others: HostPanel[];
  /** Series that stood at nought throughout, and of which no chart is drawn. */
  nought: string[];
  /** Series that stood at another value throughout, such as a limit or the number of CPUs. */
  still: HostSeries[];
}

export function choose(host: readonly HostSeries[]): HostChoice {
  const left = new Set(host.filter(({ value }) => value.some((one) => one !== null)));
  const first: HostPanel[] = [];
  for (const { title, metric, scopes } of FIRST) {
    const mine = [...left]
      .filter((one) => metric.test(one.metric) && (scopes === undefined || scopes.includes(one.scope)))
      .sort(inOrder);
    for (const [unit, same] of grouped(mine, ({ unit }) => unit)) {
      const kept = same.slice(0, LINES);
      for (const one of kept) left.delete(one);
      first.push(panel(title, unit, kept));
    }
  }
  const rest = [...left].sort(inOrder);
  const standing = rest.filter((one) => range(one) === 0);
  const nought = standing.filter(({ value }) => value.some((one) => one === 0));
  const still = standing.filter((one) => !nought.includes(one));
  const moving = rest.filter((one) => range(one) !== 0 && !repeatsWhole(one, rest));
  const families = grouped(moving, ({ scope, metric, unit }) =>
    JSON.stringify([scope, family(metric), unit]),
  );
  const others: HostPanel[] = [];
  for (const [, members] of families) {
    for (let at = 0; at < members.length; at += LINES) {
      const some = members.slice(at, at + LINES);
      const [one] = some;
      if (one === undefined) continue;
      const metrics = new Set(some.map(({ metric }) => metric));
      others.push(
        panel(
          titled(`${one.scope}: ${metrics.size === 1 ? words(one.metric) : family(one.metric)}`),
          one.unit,
          some,
        ),
      );
    }
  }
  return { first, others, nought: nought.map(fullName), still };
}

/** How far a series moved. */
function range({ value }: HostSeries): number {
  const known = value.filter((one) => one !== null);
  return (
    known.reduce((high, one) => Math.max(high, one), -Infinity) -
    known.reduce((low, one) => Math.min(low, one), Infinity)
  );
}

/** The only disk's row says what the whole's does. */
function repeatsWhole(part: HostSeries, all: readonly HostSeries[]): boolean {
  if (part.detail === null) return false;
  const whole = all.find(
    (one) => one.detail === null && one.scope === part.scope && one.metric === part.metric && one !== part,
  );
  return (
    whole !== undefined &&
    whole.value.length === part.value.length &&
    whole.value.every((one, at) => one === part.value[at])
  );
}

const SCOPES = ["service", "cgroup", "database", "host", "generator"];

/** The service first, the generator last; the whole of a metric before its parts. */
function inOrder(a: HostSeries, b: HostSeries): number {
  const place = ({ scope }: HostSeries) => (SCOPES.includes(scope) ? SCOPES.indexOf(scope) : SCOPES.length);
  return place(a) - place(b) || Number(a.detail !== null) - Number(b.detail !== null);
}

function grouped(series: readonly HostSeries[], key: (one: HostSeries) => string): Map<string, HostSeries[]> {
  const found = new Map<string, HostSeries[]>();
  for (const one of series) {
    const known = found.get(key(one));
    if (known === undefined) found.set(key(one), [one]);
    else known.push(one);
  }
  return found;
}

/** A metric's first word: disk_read_bytes_per_s and disk_write_bytes_per_s are one family. */
const family = (metric: string) => metric.split(/[_.]/)[0] ?? metric;

/** A metric's name without its unit, which stands at each value. */
export function words(metric: string): string {
  const name = metric.replace(/(_(share|cores|bytes|s))?(_per_s)?$/, "");
  return (name === "" ? metric : name).replace(/[_.]+/g, " ").trim();
}

const titled = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);

export function fullName({ scope, metric, detail }: HostSeries): string {
  return `${scope} ${words(metric)}${detail === null ? "" : ` ${detail}`}`;
}

const COLOUR: Record<string, DrawnSeries["colour"]> = {
  service: "accent",
  cgroup: "span-call",
  database: "span-database",
  host: "ink",
  generator: "muted",
};
const SPARE: DrawnSeries["colour"][] = [
  "span-call",
  "span-message",
  "span-database",
  "span-own",
  "accent",
  "ink",
];

/** The generator stands apart, dashed and pale; a second series of a scope takes another colour and a thinner line. */
function panel(title: string, unit: string, members: HostSeries[]): HostPanel {
  const taken = new Set<DrawnSeries["colour"]>();
  const scopes = new Set(members.map(({ scope }) => scope));
  const metrics = new Set(members.map(({ metric }) => metric));
  const usual = members[0]?.metric;
  const drawn = members.map((series): DrawnSeries => {
    const own = COLOUR[series.scope] ?? "span-own";
    const again = taken.has(own);
    const colour =
      again && series.scope !== "generator" ? (SPARE.find((spare) => !taken.has(spare)) ?? own) : own;
    const line: Line =
      series.scope === "generator" ? (again ? "dotted" : "dashed") : again ? "thin" : "solid";
    taken.add(colour);
    const parts = [
      scopes.size > 1 || metrics.size === 1 ? series.scope : "",
      members.length === 1 || (metrics.size > 1 && series.metric !== (scopes.size > 1 ? usual : ""))
        ? words(series.metric)
        : "",
      series.detail ?? "",
    ];
    return { series, name: parts.filter(Boolean).join(" "), colour, line };
  });
  return { title, unit, drawn };
}
