/** What a span's time was spent on, in a word and a colour of the style sheet. */

import type { SpanView } from "../run_view";

export interface Spent {
  word: string;
  colour: string;
}

const OWN: Spent = { word: "the service's own", colour: "span-own" };
const DATABASE: Spent = { word: "database", colour: "span-database" };
const CALL: Spent = { word: "call to another service", colour: "span-call" };
const MESSAGE: Spent = { word: "queue or message", colour: "span-message" };

export const SPENT = [OWN, DATABASE, CALL, MESSAGE];

export function spentOn(span: SpanView): Spent {
  if (span.statement !== null || "db_system_name" in span.attributes || "db.system.name" in span.attributes)
    return DATABASE;
  if (span.kind === "client") return CALL;
  if (span.kind === "producer" || span.kind === "consumer") return MESSAGE;
  return OWN;
}
