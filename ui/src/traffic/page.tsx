/** The page of a model of traffic: how alike it is; who asks for what, in which order, how evenly; what it rests on. */

import { unbroken } from "../format";
import { PageHeader } from "../parts/header";
import { Section } from "../parts/section";
import { Table } from "../parts/table";
import { VALIDITY, Verdict } from "../parts/verdict";
import type { TrafficSection, TrafficTable, TrafficView } from "../traffic_view";
import { LikenessPicture } from "./likeness";

export function TrafficPage({ view, home }: { view: TrafficView; home: boolean }) {
  return (
    <>
      <PageHeader>
        {home ? <a href="/">Loadstone</a> : <b>Loadstone</b>} <span>traffic</span> <code>{view.id}</code>
      </PageHeader>
      <main>
        <section id="answer" aria-labelledby="answer-heading">
          <h1 id="answer-heading">{unbroken(view.headline)}</h1>
          <p class="verdicts">
            <Verdict {...VALIDITY[view.belief]} /> {unbroken(view.sentence)}
          </p>
        </section>
        {view.sections.map((told) => (
          <Told key={told.id} told={told} alike={told.id === "alike" ? view.alike : []} />
        ))}
      </main>
    </>
  );
}

function Told({ told, alike }: { told: TrafficSection; alike: TrafficView["alike"] }) {
  const most = Math.max(...told.bars);
  const names = told.tables[0]?.rows.map((row) => row[0] ?? "") ?? [];
  return (
    <Section id={told.id} title={told.title}>
      {told.sentences.map((sentence) => (
        <p key={sentence}>{unbroken(sentence)}</p>
      ))}
      {most > 0 && (
        <svg class="day" viewBox="0 0 24 1" preserveAspectRatio="none" aria-hidden="true">
          <path d={told.bars.map((part, hour) => `M${hour + 0.1} 1v-${part / most}h.8V1z`).join("")} />
        </svg>
      )}
      {alike.length > 0 && <LikenessPicture rows={alike} names={names} />}
      {told.tables.map((table) => (
        <Numbers key={table.caption} table={table} />
      ))}
    </Section>
  );
}

function Numbers({ table: { caption, columns, rows, first } }: { table: TrafficTable }) {
  return (
    <Table
      caption={caption}
      first={first}
      columns={columns.map(({ name, holds }, at) => ({
        name,
        number: holds === "number",
        cell: (row: string[]) => {
          const text = row[at] ?? "";
          if (holds === "code") return <code>{text}</code>;
          return holds === "number" ? <span class="line">{text}</span> : unbroken(text);
        },
      }))}
      rows={rows}
    />
  );
}
