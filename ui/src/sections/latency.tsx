/** Latency three ways: over time beside the load, as the whole distribution, and by percentile. */

import uPlot from "uplot";
import { Figure } from "../chart/figure";
import { type Values, nothing, timeKey, whereIn } from "../chart/keys";
import { endLabels } from "../chart/labels";
import { Panel } from "../chart/panel";
import { topOf } from "../chart/scales";
import { latencyAxis, linearAxis, middles, shading, spans, steady, timeOptions } from "../chart/time";
import { MISSING, clock, duration, rate, significant, span } from "../format";
import { Section } from "../parts/section";
import { Table } from "../parts/table";
import type { RunView } from "../run_view";
import { thin } from "../theme";
import { HeatMap } from "./heat_map";
import { HostCharts } from "./host";
import { Percentiles } from "./percentiles";

export function LatencySection({ view }: { view: RunView }) {
  return (
    <Section id="latency" title="Latency">
      <OverTime view={view} />
      <HostCharts view={view} />
      <HeatMap view={view} />
      <Percentiles view={view} />
    </Section>
  );
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
