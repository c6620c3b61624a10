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

interface Theme {
  title: string;
  holds(series: HostSeries): boolean;
}

/** More lines than these in one panel are not told apart. */
const LINES = 6;

const pressure = ({ metric }: HostSeries) => /psi|pressure/.test(metric);

/** What a reader looks at first, in this order: the four resources, and who waits for them. */
const FIRST: Theme[] = [
  { title: "CPU cores in use", holds: ({ unit }) => unit === "cores" },
  {
    title: "CPU of the machine",
    holds: (one) =>
      one.scope === "host" &&
      one.unit === "share" &&
      !pressure(one) &&
      /cpu.*(busy|steal|iowait)|^(busy|steal|iowait)/.test(one.metric),
  },
  {
    title: "time in which something waited for the resource",
    holds: (one) => one.unit === "share" && pressure(one) && /some/.test(one.metric),
  },
  {
    title: "ready to run",
    holds: ({ metric }) => /run_?queue(?!.*wait)|procs_running|running$/.test(metric),
  },
  {
    title: "memory",
    holds: ({ scope, metric, unit }) =>
      unit === "bytes" && scope !== "host" && /^(memory_)?(rss|current|used)/.test(metric),
  },
  {
    title: "connections and sockets",
    holds: ({ metric, unit }) =>
      /^(count|)$/.test(unit) && /connections|sockets?_?(in_)?use|tcp_in_?use/.test(metric),
  },
];

export interface HostChoice {
  first: HostPanel[];
  others: HostPanel[];
}

export function choose(host: readonly HostSeries[]): HostChoice {
  const told = host.filter(({ value }) => value.some((one) => one !== null));
  const left = new Set(told);
  const first: HostPanel[] = [];
  for (const { title, holds } of FIRST) {
    const mine = told.filter((one) => left.has(one) && holds(one)).sort(byScope);
    for (const [unit, same] of byUnit(mine)) {
      const kept = same.slice(0, LINES);
      for (const one of kept) left.delete(one);
      first.push(panel(title, unit, kept));
    }
  }
  const others: HostPanel[] = [];
  const rest = [...left].sort(byScope);
  const groups = new Map<string, HostSeries[]>();
  for (const one of rest) {
    const key = JSON.stringify([one.scope, family(one.metric), one.unit]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  for (const group of groups.values()) {
    for (let at = 0; at < group.length; at += LINES) {
      const some = group.slice(at, at + LINES);
      const [one] = some;
      if (one === undefined) continue;
      const title = some.length === 1 ? words(one.metric) : words(family(one.metric));
      others.push(panel(`${one.scope}: ${title}`, one.unit, some));
    }
  }
  return { first, others };
}

const SCOPES = ["service", "cgroup", "database", "host", "generator"];

function byScope(a: HostSeries, b: HostSeries): number {
  const place = ({ scope }: HostSeries) => (SCOPES.includes(scope) ? SCOPES.indexOf(scope) : SCOPES.length);
  return place(a) - place(b);
}

function byUnit(series: HostSeries[]): [string, HostSeries[]][] {
  const found = new Map<string, HostSeries[]>();
  for (const one of series) found.set(one.unit, [...(found.get(one.unit) ?? []), one]);
  return [...found];
}

/** A metric's first word: disk_read and disk_write are one family. */
const family = (metric: string) => metric.split(/[_.]/)[0] ?? metric;

export const words = (metric: string) => metric.replace(/[_.]+/g, " ").trim();

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
  const drawn = members.map((series): DrawnSeries => {
    const own = COLOUR[series.scope] ?? "span-own";
    const free = taken.has(own) ? (SPARE.find((colour) => !taken.has(colour)) ?? own) : own;
    const line: Line = series.scope === "generator" ? "dashed" : taken.has(own) ? "thin" : "solid";
    taken.add(free);
    const metric = `${words(series.metric)}${series.detail === null ? "" : ` ${series.detail}`}`;
    const name = scopes.size === members.length && members.length > 1 ? series.scope : metric;
    return {
      series,
      name: series.scope === "generator" && name === metric ? `generator ${metric}` : name,
      colour: free,
      line,
    };
  });
  return { title, unit, drawn };
}
