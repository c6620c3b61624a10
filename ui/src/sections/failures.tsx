/** Errors by kind, and the slowest requests with where their time went. */

import { clock, count, duration, share, stepName } from "../format";
import { Section } from "../parts/section";
import { Table } from "../parts/table";
import type { ErrorRow, RunView, SampleRow } from "../run_view";
import { lastInstant } from "../chart/time";

const KIND: Record<string, string> = {
  connect: "no connection could be opened",
  dns: "the name could not be resolved",
  tls: "the TLS handshake failed",
  timeout: "no full reply within the time limit",
  reset: "the connection was cut",
  protocol: "the reply was not valid HTTP",
  check: "the reply failed a check",
  extract: "a value could not be extracted or sent",
};

export function ErrorsSection({ view }: { view: RunView }) {
  const { errors } = view;
  const end = lastInstant(view);
  return (
    <Section id="errors" title="Errors">
      {errors.length === 0 ? (
        <p>
          {view.summary.requests > 0
            ? "None: every request was answered as asked."
            : "None: no request was completed."}
        </p>
      ) : (
        <Table
          caption="Ways of failing, the most frequent first"
          quiet
          columns={[
            { name: "step", cell: (row) => stepName(row.journey, row.step) },
            {
              name: "error",
              cell: (row) => (
                <>
                  <b class="erred">{row.result}</b>{" "}
                  <small>{KIND[row.result] ?? "a status that was not asked for"}</small>
                </>
              ),
            },
            { name: "count", number: true, cell: (row) => count(row.count) },
            { name: "of requests", number: true, cell: (row) => share(row.share) },
            {
              name: "when",
              cell: (row) => (
                <span class="line">
                  <When row={row} end={end} /> {clock(row.first_s)} to {clock(row.last_s)}
                </span>
              ),
            },
            { name: "example", cell: (row) => (row.example === null ? "" : <code>{row.example}</code>) },
          ]}
          rows={errors}
        />
      )}
    </Section>
  );
}

const STRIP = 96;

function When({ row, end }: { row: ErrorRow; end: number }) {
  const from = (STRIP * row.first_s) / end;
  const long = Math.max(3, (STRIP * (row.last_s - row.first_s)) / end);
  return (
    <svg class="when" width={STRIP} height="10" aria-hidden="true" focusable="false">
      <rect class="track" y="4" width={STRIP} height="2" />
      <rect class="mark" x={Math.min(from, STRIP - 3)} y="1" width={long} height="8" />
    </svg>
  );
}

export function SlowestSection({ view }: { view: RunView }) {
  const rows = [...view.slowest].sort((a, b) => b.response_s - a.response_s);
  const longest = rows[0]?.response_s ?? 1;
  return (
    <Section id="slowest" title="Slowest requests">
      {rows.length === 0 ? (
        <p>None was kept: no request was completed.</p>
      ) : (
        <>
          <p class="note">
            To scale: <span class="ink-lag">lag</span> before the send, then{" "}
            <span class="ink-service">service</span>; the tick is the first byte.
          </p>
          <Table
            caption="The slowest requests that were kept, by response time"
            quiet
            first={12}
            columns={[
              { name: "response", number: true, cell: (row) => duration(row.response_s) },
              { name: "lag and service", cell: (row) => <Bar row={row} longest={longest} /> },
              { name: "at", number: true, cell: (row) => clock(row.t_s, 1) },
              { name: "step", cell: (row) => stepName(row.journey, row.step) },
              {
                name: "result",
                cell: (row) => <span class={row.error ? "erred" : undefined}>{row.result}</span>,
              },
              {
                name: "request",
                cell: (row) => (
                  <code>
                    {row.method} {row.target}
                  </code>
                ),
              },
            ]}
            rows={rows}
          />
        </>
      )}
    </Section>
  );
}

const BAR = 180;

function Bar({ row, longest }: { row: SampleRow; longest: number }) {
  const x = (seconds: number) => (BAR * seconds) / longest;
  const lag = row.lag_s ?? 0;
  const service = row.service_s ?? Math.max(0, row.response_s - lag);
  const label = [
    `lag ${duration(row.lag_s)}`,
    `service ${duration(row.service_s)}`,
    row.first_byte_s === null ? "no first byte" : `first byte after ${duration(row.first_byte_s)}`,
  ].join(", ");
  return (
    <svg class="bar" width={BAR} height="14" role="img" aria-label={label}>
      <title>{label}</title>
      <rect class="lag" y="2" width={x(lag)} height="10" />
      <rect class="service" x={x(lag)} y="2" width={Math.max(1, x(service))} height="10" />
      {row.first_byte_s !== null && (
        <rect class="tick" x={x(lag + row.first_byte_s)} y="0" width="2" height="14" />
      )}
    </svg>
  );
}
