/** Latency by percentile on an axis of nines: response, service and lag apart. */

import { Figure } from "../chart/figure";
import { timeKey } from "../chart/keys";
import { endLabels } from "../chart/labels";
import { type Key, Panel } from "../chart/panel";
import { logBounds, logTicks, nineTicks, nines } from "../chart/scales";
import { axis, roomForLabels, tickName } from "../chart/time";
import { duration, significant } from "../format";
import { Table } from "../parts/table";
import type { RunView } from "../run_view";

export function Percentiles({ view }: { view: RunView }) {
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
