/** A diagnosis on a run's page, as loadstone/model/causes_view.py and finding.py write it. */

import type { TraceView } from "./run_view";

export type Severity = "info" | "warning" | "critical";

export interface Bounded {
  value: number;
  low: number;
  high: number;
}

export interface Locus {
  journey: string | null;
  step: string | null;
  service: string | null;
  span: string | null;
  statement: string | null;
  file: string | null;
  line: number | null;
  function: string | null;
}

export interface Roles {
  parent: string | null;
  cause: string | null;
  offender: string | null;
}

export interface Fact {
  what: string;
  value: number | null;
  unit: string | null;
  trace_ids: string[];
}

export interface FindingEvidence {
  for: Fact[];
  against: Fact[];
}

export interface Share {
  p50: Bounded | null;
  p95: Bounded | null;
  p99: Bounded | null;
}

export interface Predicted {
  at: "p50" | "p95" | "p99";
  service: Bounded | null;
  queue: Bounded | null;
  p50_s: Bounded | null;
  p95_s: Bounded | null;
  p99_s: Bounded | null;
  before_s: Record<string, number>;
  basis: "observed" | "bare";
  refused: string | null;
}

export interface Marked {
  trace_id: string;
  span_ids: string[];
  clean: boolean;
}

export interface Finding {
  fault: string;
  severity: Severity;
  title: string;
  locus: Locus;
  roles: Roles;
  evidence: FindingEvidence;
  cost_s_per_request: number;
  lost_s_per_s: number;
  requests_share: number;
  share: Share;
  predicted: Predicted | null;
  cure: string;
  confidence: number;
  fingerprint: string;
  rank: number;
  tie: number | null;
  exemplars: Marked[];
}

export interface CouldNotLook {
  fault: string;
  missing: string;
}

export interface PathRow {
  operation: string;
  service: string | null;
  where: string | null;
  p50_s: Bounded;
  p99_excess_s: Bounded | null;
  count: number;
}

export interface StepPath {
  journey: string | null;
  step: string;
  requests: number;
  p50_s: number;
  p99_s: number | null;
  rows: PathRow[];
  uncovered_share: number | null;
  trace_ids: string[];
}

export interface TailRow {
  journey: string | null;
  step: string;
  attribute: string;
  value: string;
  slow_share: number;
  normal_share: number;
  lift: Bounded;
  effect_s: number;
  q: number;
  requests: number;
  trace_ids: string[];
  goes_with: string[];
}

export interface Diagnosis {
  format: 1;
  run: string;
  sentence: string;
  looked_for: string[];
  could_not_look: CouldNotLook[];
  findings: Finding[];
  paths: StepPath[];
  tail: TailRow[];
  caveats: string[];
  traces: number;
  spans: number;
  judged: string | null;
}

export interface CauseDrawings {
  plan: number | null;
  flame: number | null;
  frame: string | null;
}

export interface CausesView {
  diagnosis: Diagnosis;
  drawings: CauseDrawings[];
  drawn: TraceView[];
}
