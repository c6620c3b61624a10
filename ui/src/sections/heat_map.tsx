/** The whole distribution over time: what percentiles hide. */

import { Figure } from "../chart/figure";
import { edge, heatCells, most, usedBands } from "../chart/heat";
import { nothing } from "../chart/keys";
import { Panel } from "../chart/panel";
import { logTicks } from "../chart/scales";
import { tickName, timeOptions } from "../chart/time";
import { clock, count, duration } from "../format";
import type { RunView } from "../run_view";

export function HeatMap({ view }: { view: RunView }) {
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
