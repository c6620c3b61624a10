/** What the load looked like from inside the generator and on its machine. */

import { Figure } from "../chart/figure";
import { timeKey, whereIn } from "../chart/keys";
import { endLabels } from "../chart/labels";
import { Panel } from "../chart/panel";
import { topOf } from "../chart/scales";
import { latencyAxis, linearAxis, middles, steady, timeOptions } from "../chart/time";
import { MISSING, count, duration, share, significant } from "../format";
import { Section } from "../parts/section";
import type { RunView } from "../run_view";
import { thin } from "../theme";
import { highest } from "./belief";

export function LoadSection({ view }: { view: RunView }) {
  return (
    <Section id="load" title="Load">
      <InFlight view={view} />
      <Generator view={view} />
    </Section>
  );
}

const nothing = (view: RunView) =>
  view.series.t_s.length === 0 ? "Nothing to draw: the run has no interval." : null;

const whole = (value: number | null) => (value === null ? MISSING : count(value));
const tick = (value: number) => significant(value).replace(/\.0+$/, "");

function average(values: readonly number[], weights: readonly number[]): number | null {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total === 0 ? null : values.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0) / total;
}

function InFlight({ view }: { view: RunView }) {
  const { series } = view;
  const x = middles(view);
  const mean = average(series.in_flight_mean, series.span_s);
  const most = highest(series.in_flight_max);
  const open = highest(series.connections_open);
  const answer = `${mean === null ? MISSING : significant(mean)} requests in flight on average, ${whole(most)} at most, over up to ${whole(open)} connections.`;
  return (
    <Figure id="load-in-flight" question="How much was in flight?" answer={answer} empty={nothing(view)}>
      <Panel
        label={`Requests in flight and connections over time. ${answer}`}
        height={230}
        points={x.length}
        where={whereIn(view)}
        keys={[
          timeKey("most at once", "accent", "thin", series.in_flight_max, whole, most),
          timeKey(
            "average",
            "accent",
            "solid",
            series.in_flight_mean,
            (v) => (v === null ? MISSING : significant(v)),
            mean,
          ),
          timeKey("connections", "muted", "dashed", series.connections_open, whole, open),
        ]}
        draw={(colours) => {
          const options = timeOptions({
            view,
            colours,
            named: true,
            labelled: true,
            y: linearAxis(topOf([...series.in_flight_max, ...series.connections_open], 1), tick),
          });
          return [
            {
              ...options,
              bands: [{ series: [1, 2], fill: thin(colours.accent, 0.13) }],
              series: [
                {},
                { stroke: thin(colours.accent, 0.7), width: 1, points: { show: false } },
                { stroke: colours.accent, width: 2, points: { show: x.length < 3 } },
                { stroke: colours.muted, width: 1.5, dash: [5, 3], points: { show: false } },
              ],
              plugins: [
                ...options.plugins,
                endLabels([
                  { series: 1, text: "most", colour: colours.accent },
                  { series: 2, text: "average", colour: colours.accent },
                  { series: 3, text: "connections", colour: colours.muted },
                ]),
              ],
            },
            [x, series.in_flight_max, series.in_flight_mean, series.connections_open],
          ];
        }}
      />
    </Figure>
  );
}

function Generator({ view }: { view: RunView }) {
  const { series, summary } = view;
  const x = middles(view);
  const busiest = highest(series.generator_busy_share);
  const lag = summary.latency_s.lag;
  const host = highest(series.host_busy_share);
  const answer = `The busiest generator thread was at most ${share(busiest)} busy; ${
    lag.p99 === null
      ? "nothing was sent"
      : `99 % of requests left within ${duration(lag.p99)} of their intended start`
  }${host === null ? "" : `; the machine was at most ${share(host)} busy`}.`;
  const unsent = series.lag_p99_s.every((value) => value === null || value <= 0);
  return (
    <Figure id="load-generator" question="Did the generator keep up?" answer={answer} empty={nothing(view)}>
      <Panel
        label={`Shares of CPU over time. ${answer}`}
        height={200}
        points={x.length}
        where={whereIn(view)}
        keys={[
          timeKey("busiest thread", "ink", "solid", series.generator_busy_share, share, busiest),
          timeKey("machine", "muted", "dashed", series.host_busy_share, share, host),
          timeKey("stolen", "fail", "thin", series.host_steal_share, share, highest(series.host_steal_share)),
        ]}
        draw={(colours) => [
          {
            ...timeOptions({
              view,
              colours,
              named: true,
              labelled: unsent,
              y: linearAxis(1, (value) => `${Math.round(100 * value)} %`),
            }),
            series: [
              {},
              { stroke: colours.ink, width: 2, points: { show: x.length < 3 } },
              { stroke: colours.muted, width: 1.5, dash: [5, 3], points: { show: false } },
              { stroke: colours.fail, width: 1.25, points: { show: false } },
            ],
          },
          [
            x,
            ...[series.generator_busy_share, series.host_busy_share, series.host_steal_share].map((values) =>
              steady<number | null>(view, values),
            ),
          ],
        ]}
      />
      {!unsent && (
        <Panel
          label={`Lag over time: ${answer}`}
          height={170}
          points={x.length}
          where={whereIn(view)}
          keys={[timeKey("lag p99", "lag", "dotted", series.lag_p99_s, duration, lag.p99)]}
          draw={(colours) => [
            {
              ...timeOptions({
                view,
                colours,
                named: false,
                labelled: true,
                y: latencyAxis(series.lag_p99_s),
              }),
              series: [{}, { stroke: colours.lag, width: 2, dash: [2, 3], points: { show: x.length < 3 } }],
            },
            [x, steady(view, series.lag_p99_s)],
          ]}
        />
      )}
    </Figure>
  );
}
