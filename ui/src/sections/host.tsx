/** What the service's processes, the machine and the generator did while latency was measured, on the same axis of time. */

import { useMemo, useState } from "preact/hooks";
import type uPlot from "uplot";
import { Figure } from "../chart/figure";
import { endLabels } from "../chart/labels";
import { Panel } from "../chart/panel";
import { binaryTicks, topOf } from "../chart/scales";
import { linearAxis, timeOptions } from "../chart/time";
import { MISSING, clock, plural } from "../format";
import { align } from "../host/align";
import { type HostPanel, choose, fullName } from "../host/choose";
import { measured } from "../measure";
import type { EvidenceView, HostSeries, RunView } from "../run_view";

export function HostCharts({ view }: { view: RunView }) {
  const { evidence } = view;
  if (evidence === null || evidence.host.length === 0) return null;
  return <Charts view={view} evidence={evidence} />;
}

function Charts({ view, evidence }: { view: RunView; evidence: EvidenceView }) {
  const { first, others, nought, still } = useMemo(() => choose(evidence.host), [evidence.host]);
  const [all, setAll] = useState(false);
  const answer = hostAnswer(evidence.host);
  const elsewhere =
    evidence.origin === "observed run"
      ? `Measured in the observed run, ${evidence.run}, at the same instants of the same seed.`
      : undefined;
  return (
    <Figure
      id="latency-host"
      question="What did the machine do meanwhile?"
      answer={answer}
      empty={first.length + others.length === 0 ? "Nothing to draw: no value was read." : null}
      {...(elsewhere === undefined ? {} : { note: elsewhere })}
    >
      {first.map((panel, at) => (
        <HostPlot
          key={panel.title + panel.unit}
          view={view}
          panel={panel}
          named={at === 0}
          labelled={at === first.length - 1}
        />
      ))}
      {others.length + nought.length + still.length > 0 && (
        <details class="unfold" onToggle={(event) => event.currentTarget.open && setAll(true)}>
          <summary>{plural(others.length, "more chart")}</summary>
          {still.length > 0 && (
            <p class="note">
              Unchanged throughout:{" "}
              {still.map((one) => `${fullName(one)} ${measured(mean(one), one.unit)}`).join(", ")}.
            </p>
          )}
          {nought.length > 0 && <p class="note">At nought throughout: {nought.join(", ")}.</p>}
          {all &&
            others.map((panel, at) => (
              <HostPlot
                key={`${at}${panel.title}`}
                view={view}
                panel={panel}
                named={false}
                labelled={at === others.length - 1}
              />
            ))}
        </details>
      )}
    </Figure>
  );
}

interface HostPlotProps {
  view: RunView;
  panel: HostPanel;
  named: boolean;
  labelled: boolean;
}

function HostPlot({ view, panel, named, labelled }: HostPlotProps) {
  const { drawn, unit, title } = panel;
  const { x, t, columns } = align(drawn.map(({ series }) => series));
  const extremes = drawn.map(({ series, name }) => {
    const { low, high } = reach(series);
    return `${name} ${measured(low, unit)} to ${measured(high, unit)}`;
  });
  return (
    <>
      <h4 class="panel-title">{title}</h4>
      <Panel
        label={`${title} over time: ${extremes.join(", ")}.`}
        height={labelled ? 142 : 116}
        points={x.length}
        where={(at) => (at === null ? "mean" : clock(t[at] ?? 0))}
        keys={drawn.map(({ name, colour, line, series }, place) => ({
          name,
          colour,
          line,
          value: (at) => measured(at === null ? mean(series) : known(columns[place] ?? [], at), unit),
        }))}
        draw={(colours) => {
          const values = columns.flatMap((column) => column.map((value) => value ?? null));
          const options = timeOptions({
            view,
            x,
            colours,
            named,
            labelled,
            y: axisOf(topOf(values, unit === "share" ? 0.02 : 1e-9), unit),
          });
          return [
            {
              ...options,
              series: [
                {},
                ...drawn.map(({ colour, line }, at) => ({
                  stroke: colours[colour],
                  width: line === "thin" ? 1.25 : 2,
                  points: { show: sparse(columns[at] ?? []) },
                  ...(line === "dashed" || line === "dotted"
                    ? { dash: line === "dashed" ? [5, 3] : [2, 3] }
                    : {}),
                })),
              ],
              plugins: [
                ...options.plugins,
                endLabels(
                  drawn.length < 2
                    ? []
                    : drawn.map(({ name, colour }, at) => ({
                        series: at + 1,
                        text: short(name),
                        colour: colours[colour],
                      })),
                ),
              ],
            },
            [x, ...columns],
          ];
        }}
      />
    </>
  );
}

/** The room at the right of a chart holds this many letters. */
const short = (name: string) => (name.length > 13 ? `${name.slice(0, 12)}…` : name);

/** A tick is round: its needless zeros and a unit that the title says are left out. */
const tick = (value: number, unit: string) =>
  value === 0
    ? "0"
    : measured(value, unit.replace("bytes/s", "bytes"))
        .replace(/(\.\d*?)0+(?!\d)/, "$1")
        .replace(/\.(?!\d)/, "")
        .replace(new RegExp(`\\s(?:cores|${/^[a-zA-Z]+$/.test(unit) ? unit : "cores"})$`), "");

/** Bytes are told in powers of two, so their ticks stand at such. */
function axisOf(top: number, unit: string) {
  const plain = linearAxis(top, (value) => tick(value, unit));
  if (!unit.startsWith("bytes")) return plain;
  const splits = (u: uPlot) => binaryTicks(top, Math.max(2, u.height / 44));
  return { ...plain, axis: { ...plain.axis, splits } };
}

/** A line through so few points would not be seen. */
const sparse = (column: readonly (number | null | undefined)[]) =>
  column.filter((value) => typeof value === "number").length < 3;

/** The value at a point, or the last one before it where this series has none there. */
function known(column: readonly (number | null | undefined)[], at: number): number | null {
  for (let back = at; back >= 0; back -= 1) {
    const value = column[back];
    if (value !== undefined) return value;
  }
  return null;
}

function valuesOf(series: HostSeries): number[] {
  return series.value.filter((value) => value !== null);
}

function mean(series: HostSeries): number | null {
  const values = valuesOf(series);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function reach(series: HostSeries): { low: number | null; high: number | null } {
  let [low, high]: [number | null, number | null] = [null, null];
  for (const value of valuesOf(series)) {
    if (low === null || value < low) low = value;
    if (high === null || value > high) high = value;
  }
  return { low, high };
}

/** The service's CPU, the machine's, and how memory moved, in a sentence. */
export function hostAnswer(host: readonly HostSeries[]): string {
  const find = (scope: string, unit: string, metric: RegExp) =>
    host.find(
      (one) => one.scope === scope && one.unit === unit && one.detail === null && metric.test(one.metric),
    );
  const parts: string[] = [];
  const cpu = find("service", "cores", /^cpu_cores$/);
  if (cpu !== undefined) {
    parts.push(
      `the service used ${measured(mean(cpu), "cores")} on average, ${measured(reach(cpu).high, "cores")} at most`,
    );
  }
  const busy = find("host", "share", /^cpu_busy/);
  if (busy !== undefined) parts.push(`the machine was at most ${measured(reach(busy).high, "share")} busy`);
  const rss = find("service", "bytes", /rss/);
  if (rss !== undefined) {
    const values = valuesOf(rss);
    const [from, to] = [values[0], values.at(-1)];
    if (from !== undefined && to !== undefined)
      parts.push(`the service's memory went from ${measured(from, "bytes")} to ${measured(to, "bytes")}`);
  }
  const text = parts.join("; ");
  return text === ""
    ? `${plural(host.length, "series", "series")} of the host and its processes.`
    : `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`.replace(MISSING, "an unknown amount");
}
