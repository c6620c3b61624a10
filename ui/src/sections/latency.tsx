/** Latency three ways: over time beside the load, by percentile, and as the whole distribution. */

import uPlot from "uplot";
import { edge, heatCells, most, usedBands } from "../chart/heat";
import { Figure } from "../chart/figure";
import { endLabels } from "../chart/labels";
import { type Key, Panel } from "../chart/panel";
import { logBounds, logTicks, nineTicks, nines, topOf } from "../chart/scales";
import {
  axis,
  latencyAxis,
  linearAxis,
  middles,
  roomForLabels,
  shading,
  spans,
  steady,
  tickName,
  timeOptions,
} from "../chart/time";
import { MISSING, clock, count, duration, rate, significant, span } from "../format";
import { Section } from "../parts/section";
import { Table } from "../parts/table";
import type { RunView } from "../run_view";
import { thin } from "../theme";

export function LatencySection({ view }: { view: RunView }) {
  return (
    <Section id="latency" title="Latency">
      <OverTime view={view} />
      <HeatMap view={view} />
      <Curve view={view} />
    </Section>
  );
}

function nothing(view: RunView): string | null {
  if (view.series.t_s.length === 0) return "Nothing to draw: the run has no interval.";
  return view.series.response_p50_s.every((value) => value === null)
    ? "Nothing to draw: no request was completed."
    : null;
}

type Values = readonly (number | null)[];

/** A key of a chart over time: the value under the cursor, else that of the whole run. */
export function timeKey(
  name: string,
  colour: string,
  line: Key["line"],
  values: Values,
  say: (value: number | null) => string,
  whole: number | null,
): Key {
  return { name, colour, line, value: (at) => say(at === null ? whole : (values[at] ?? null)) };
}

export function whereIn(view: RunView): (index: number | null) => string {
  return (at) => (at === null ? "whole run" : clock(view.series.t_s[at] ?? 0));
}

function OverTime({ view }: { view: RunView }) {
  const { series, summary } = view;
  const x = middles(view);
  const { response, service } = summary.latency_s;
  const failing = series.errors_per_s.some((value) => value > 0);
  const answer = overTimeAnswer(view);
  const shown = (values: Values) => steady(view, values);
  const latencies = [
    ...series.response_p50_s,
    ...series.response_p99_s,
    ...series.response_max_s,
    ...series.service_p99_s,
  ];
  const where = whereIn(view);
  const perRequest = (errors: number, total: number) => (total > 0 ? errors / total : 0);
  return (
    <Figure
      id="latency-over-time"
      question="Did latency follow the load?"
      answer={answer}
      empty={nothing(view)}
      table={() => <TimeTable view={view} />}
      note={`Each point stands for ${clusters(view)}. Drag to look closer, double-click to see all again; arrow keys move the cursor.`}
    >
      <Panel
        label={`Rates over time. ${answer}`}
        height={failing ? 190 : 160}
        points={x.length}
        where={where}
        keys={[
          timeKey("offered", "muted", "dashed", series.offered_per_s, rate, summary.offered_per_s),
          timeKey("achieved", "ink", "solid", series.achieved_per_s, rate, summary.achieved_per_s),
          ...(failing
            ? [
                timeKey(
                  "errors",
                  "fail",
                  "bar",
                  series.errors_per_s,
                  rate,
                  perRequest(summary.errors, summary.duration_s),
                ),
              ]
            : []),
        ]}
        draw={(colours) => {
          const top = topOf(
            [series.offered_per_s, series.achieved_per_s, series.errors_per_s].flatMap(shown),
            1,
          );
          const bars = uPlot.paths.bars?.({ size: [0.9, 24] });
          return [
            {
              ...timeOptions({
                view,
                colours,
                named: true,
                labelled: false,
                y: linearAxis(top, (value) => `${significant(value).replace(/\.0+$/, "")}/s`),
              }),
              series: [
                {},
                {
                  stroke: thin(colours.fail, 0),
                  fill: colours.fail,
                  width: 0,
                  points: { show: false },
                  ...(bars ? { paths: bars } : {}),
                },
                { stroke: colours.muted, width: 1.5, dash: [5, 3], points: { show: x.length < 3 } },
                { stroke: colours.ink, width: 2, points: { show: x.length < 3 } },
              ],
            },
            [
              x,
              failing ? shown(series.errors_per_s) : x.map(() => null),
              shown(series.offered_per_s),
              shown(series.achieved_per_s),
            ],
          ];
        }}
      />
      <Panel
        label={`Latency percentiles over time. ${answer}`}
        height={320}
        points={x.length}
        where={where}
        keys={[
          timeKey("max", "response", "dots", series.response_max_s, duration, response.max),
          timeKey("p99", "response", "solid", series.response_p99_s, duration, response.p99),
          timeKey("p95", "response", "thin", series.response_p95_s, duration, response.p95),
          timeKey("p50", "response", "solid", series.response_p50_s, duration, response.p50),
          timeKey("service p99", "service", "dashed", series.service_p99_s, duration, service.p99),
        ]}
        draw={(colours) => [
          {
            ...timeOptions({
              view,
              colours,
              named: false,
              labelled: true,
              y: latencyAxis(latencies),
            }),
            bands: [{ series: [2, 4], fill: thin(colours.response, 0.13) }],
            series: [
              {},
              {
                width: 0,
                stroke: thin(colours.response, 0.75),
                paths: () => null,
                points: { show: true, size: 4, fill: thin(colours.response, 0.75), width: 0 },
              },
              { stroke: colours.response, width: 2, points: { show: x.length < 3 } },
              { stroke: thin(colours.response, 0.7), width: 1, points: { show: false } },
              { stroke: colours.response, width: 2, points: { show: x.length < 3 } },
              { stroke: colours.service, width: 1.5, dash: [5, 3], points: { show: x.length < 3 } },
            ],
            plugins: [
              shading(view, colours, false),
              endLabels([
                { series: 2, text: "p99", colour: colours.response },
                { series: 4, text: "p50", colour: colours.response },
                { series: 5, text: "service p99", colour: colours.service },
              ]),
            ],
          },
          [
            x,
            series.response_max_s,
            shown(series.response_p99_s),
            shown(series.response_p95_s),
            shown(series.response_p50_s),
            shown(series.service_p99_s),
          ],
        ]}
      />
    </Figure>
  );
}

/** How long a usual point is: a long run has several intervals to one. */
function clusters(view: RunView): string {
  const lengths = view.series.span_s.toSorted((a, b) => a - b);
  return span(Math.round(10 * (lengths[Math.floor(lengths.length / 2)] ?? 1)) / 10);
}

/** What the chart says, in a sentence: the span of p99, when it was worst, and whether the load was carried. */
export function overTimeAnswer(view: RunView): string {
  const { series } = view;
  const measured = (t: number) =>
    view.phases.length === 0 ||
    view.phases.some((phase) => phase.measured && t > phase.start_s && t <= phase.end_s + 1e-9);
  const lines = steady(view, series.response_p99_s);
  let low = Infinity;
  let high = -Infinity;
  let worst = 0;
  series.response_p99_s.forEach((value, at) => {
    const t = series.t_s[at] ?? 0;
    if (value === null || lines[at] === null || !measured(t)) return;
    if (value < low) low = value;
    if (value > high) [high, worst] = [value, t];
  });
  const stuck = spans(view)
    .filter((span) => span.kind === "trouble")
    .map(({ name, start, end }) => `${name} from ${clock(start)} to ${clock(end)}`);
  const parts =
    high === -Infinity
      ? ["No request of a measured phase was completed"]
      : [`p99 lay between ${duration(low)} and ${duration(high)}, worst at ${clock(worst)}`];
  if (stuck.length > 0) {
    const rest = stuck.length > 2 ? ` and ${stuck.length - 2} more` : "";
    parts.push(`${stuck.slice(0, 2).join(", ")}${rest}`);
  }
  return `${parts.join("; ")}.`;
}

function TimeTable({ view }: { view: RunView }) {
  const { series } = view;
  const rows = series.t_s.map((_t, at) => at);
  const column = (name: string, values: Values, say: (value: number | null) => string) => ({
    name,
    number: true,
    cell: (at: number) => say(values[at] ?? null),
  });
  return (
    <Table
      caption="Every interval: rates and latency"
      first={60}
      columns={[
        { name: "until", cell: (at: number) => clock(series.t_s[at] ?? 0) },
        column("offered", series.offered_per_s, rate),
        column("achieved", series.achieved_per_s, rate),
        column("errors", series.errors_per_s, rate),
        column("in flight", series.in_flight_mean, (value) =>
          value === null ? MISSING : significant(value),
        ),
        column("p50", series.response_p50_s, duration),
        column("p95", series.response_p95_s, duration),
        column("p99", series.response_p99_s, duration),
        column("max", series.response_max_s, duration),
        column("service p99", series.service_p99_s, duration),
        column("lag p99", series.lag_p99_s, duration),
      ]}
      rows={rows}
    />
  );
}

function HeatMap({ view }: { view: RunView }) {
  const { heat, series } = view;
  const used = usedBands(heat);
  const empty = nothing(view) ?? (used === null ? "Nothing to draw: no response was counted." : null);
  const [first, last] = used ?? [0, -1];
  const begin = (series.t_s[0] ?? 0) - (series.span_s[0] ?? 0);
  const starts = heat.t_s.map((_t, at) => heat.t_s[at - 1] ?? begin);
  const x = heat.t_s.map((t, at) => (t + (starts[at] ?? 0)) / 2);
  const bands = Array.from({ length: last - first + 1 }, (_none, at) =>
    Math.sqrt(edge(heat, first + at) * edge(heat, first + at + 1)),
  );
  const top = most(heat);
  const total = (at: number | null) => (at === null ? sum(heat.counts.map(sum)) : sum(heat.counts[at] ?? []));
  let row = -1;
  const answer = `Every response has its place: time from left to right, latency upwards, darker where there are more, up to ${count(top)} in a cell. Two bands are two modes, a rising edge is a queue, a gap is a stall.`;
  return (
    <Figure id="latency-heat" question="What do the percentiles hide?" answer={answer} empty={empty}>
      <Panel
        label={`Heat map of ${count(total(null))} responses over time. The fullest cell holds ${count(top)}.`}
        height={280}
        points={x.length}
        rows={bands}
        where={(at, at_row) => {
          row = at_row;
          if (at === null) return "whole run";
          const low = edge(heat, first + row);
          return row < 0
            ? clock(heat.t_s[at] ?? 0)
            : `${clock(heat.t_s[at] ?? 0)}, ${duration(low)} to ${duration(edge(heat, first + row + 1))}`;
        }}
        keys={[
          {
            name: "responses",
            colour: "response",
            line: "ramp",
            value: (at) => count(at === null || row < 0 ? total(at) : (heat.counts[at]?.[first + row] ?? 0)),
          },
        ]}
        draw={(colours) => {
          const low = edge(heat, first);
          const high = edge(heat, last + 1);
          const options = timeOptions({
            view,
            colours,
            named: false,
            labelled: true,
            y: {
              scale: { distr: 3, log: 10, range: [low, high] },
              axis: {
                splits: (u) => logTicks(low, high, Math.max(3, u.height / 34)),
                filter: (_u, ticks) => ticks,
                values: (_u, ticks) => ticks.map(tickName),
              },
            },
          });
          return [
            {
              ...options,
              cursor: { ...options.cursor, y: true },
              axes: options.axes.map((one) => ({ ...one, grid: { show: false } })),
              plugins: [...options.plugins, heatCells(heat, starts, colours.response)],
              series: [{}, { paths: () => null, points: { show: false } }],
            },
            [x, x.map(() => low)],
          ];
        }}
      />
    </Figure>
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function Curve({ view }: { view: RunView }) {
  const { curve, summary } = view;
  const x = curve.share.map(nines);
  const top = x.at(-1) ?? 1;
  const { response, service } = summary.latency_s;
  const empty = curve.share.length === 0 ? "Nothing to draw: no request was completed." : null;
  const ratio =
    response.p50 !== null && response.p99 !== null && response.p50 > 0 ? response.p99 / response.p50 : null;
  const queue =
    response.p99 !== null && service.p99 !== null && service.p99 > 0 ? response.p99 / service.p99 : null;
  const answer =
    ratio === null
      ? "Too little was completed to say."
      : `p99 is ${significant(ratio)} times the median. ${
          queue !== null && queue > 1.15
            ? `Response and service part: at p99 the wait before the send makes response ${significant(queue)} times service.`
            : "Response and service run together: requests did not wait to be sent."
        }`;
  const named = (at: number | null) =>
    at === null
      ? "at p99"
      : `${(100 * (curve.share[at] ?? 0)).toFixed(4).replace(/\.?0+$/, "")} % took at most`;
  const at99 = (values: readonly number[]) => {
    const found = curve.share.findIndex((value) => Math.abs(value - 0.99) < 1e-9);
    return found < 0 ? null : (values[found] ?? null);
  };
  const key = (name: string, line: Key["line"], values: readonly number[], p99: number | null): Key =>
    timeKey(name, name, line, values, duration, p99 ?? at99(values));
  const [low, high] = logBounds([...curve.response_s, ...curve.service_s, ...curve.lag_s]) ?? [1e-3, 1];
  return (
    <Figure
      id="latency-percentiles"
      question="How long is the tail?"
      answer={answer}
      empty={empty}
      table={() => (
        <Table
          caption="Latency by percentile"
          columns={[
            {
              name: "share",
              cell: (at: number) => `${(100 * (curve.share[at] ?? 0)).toFixed(5).replace(/\.?0+$/, "")} %`,
            },
            { name: "response", number: true, cell: (at: number) => duration(curve.response_s[at]) },
            { name: "service", number: true, cell: (at: number) => duration(curve.service_s[at]) },
            { name: "lag", number: true, cell: (at: number) => duration(curve.lag_s[at]) },
          ]}
          rows={x.map((_x, at) => at)}
        />
      )}
    >
      <Panel
        label={`Latency by percentile: ${answer}`}
        height={340}
        points={x.length}
        where={named}
        keys={[
          key("response", "solid", curve.response_s, response.p99),
          key("service", "dashed", curve.service_s, service.p99),
          key("lag", "dotted", curve.lag_s, summary.latency_s.lag.p99),
        ]}
        draw={(colours) => {
          const ticks = nineTicks(top);
          return [
            {
              legend: { show: false },
              padding: [8, roomForLabels, 0, 0],
              cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
              scales: { x: { time: false, range: [0, top] }, y: { distr: 3, log: 10, range: [low, high] } },
              axes: [
                {
                  ...axis(colours),
                  size: 32,
                  splits: () => ticks.map(({ at }) => at),
                  values: () => ticks.map(({ label }) => (label === "0" ? "" : `${label} %`)),
                },
                {
                  ...axis(colours),
                  size: 68,
                  splits: (u) => logTicks(low, high, Math.max(3, u.height / 34)),
                  filter: (_u, values) => values,
                  values: (_u, values) => values.map(tickName),
                },
              ],
              series: [
                {},
                { stroke: colours.response, width: 2.5, points: { show: false } },
                { stroke: colours.service, width: 2, dash: [6, 4], points: { show: false } },
                { stroke: colours.lag, width: 2, dash: [2, 3], points: { show: false } },
              ],
              plugins: [
                endLabels([
                  { series: 1, text: "response", colour: colours.response },
                  { series: 2, text: "service", colour: colours.service },
                  { series: 3, text: "lag", colour: colours.lag },
                ]),
              ],
            },
            [x, curve.response_s, curve.service_s, curve.lag_s],
          ];
        }}
      />
    </Figure>
  );
}
