/** A finding and its proof, an experiment and a gate, as loadstone/model/proof_view.py writes them. */

import type { Bounded, Finding, Predicted } from "./causes_view";
import type { Caveat, Machine, Status } from "./run_view";

export type Verdict = "faster" | "slower" | "not-worse" | "undecided" | "invalid";
export type GateVerdict = "pass" | "fail" | "undecided" | "invalid";

export interface SideTold {
  name: "A" | "B";
  label: string;
  kind: "command" | "url" | "revision" | "environment" | "call" | "archive";
  commit: string | null;
  dirty: boolean | null;
  runs: string[];
  observed: string | null;
}

export interface DesignTold {
  pairs: number;
  planned: number;
  most: number;
  order: string[];
  seed: number;
  measured_s: number;
  warm_up_s: number;
  load: string;
  requests: number;
  looks: number[];
  level: number;
  interleaved: boolean;
  together: boolean;
  spent_s: number | null;
  smallest: Record<string, number>;
}

export interface Metric {
  name: string;
  unit: string;
  journey: string | null;
  step: string | null;
  a: number | null;
  b: number | null;
  ratio: number | null;
  low: number | null;
  high: number | null;
  margin: number;
  verdict: Verdict;
  pairs_to_decide: number | null;
  method: string;
  more_is_better: boolean;
  values: number[];
  judged: boolean;
  slo: string | null;
  floor: number | null;
  p: number | null;
  q: number | null;
  note: string | null;
}

export interface ShiftPoint {
  share: number;
  a_s: number;
  b_s: number;
  ratio: number;
  low: number;
  high: number;
}

export interface StepShift {
  journey: string | null;
  step: string | null;
  points: ShiftPoint[];
}

export interface Moved {
  journey: string | null;
  step: string | null;
  family: string;
  label: string;
  where: string | null;
  a: number | null;
  b: number | null;
  a_s: number;
  b_s: number;
  sentence: string;
}

export interface Blamed {
  fingerprint: string;
  fault: string;
  title: string;
  component: string;
  a: number | null;
  b: number | null;
  a_s: number | null;
  b_s: number | null;
  drop_s: Bounded | null;
  predicted_s: Bounded | null;
  moved: boolean | null;
  sentence: string;
  journey: string | null;
  step: string | null;
}

export interface RunRow {
  run: string;
  place: number;
  requests: number;
  errors: number;
  p50_s: number | null;
  p95_s: number | null;
  p99_s: number | null;
}

export interface PairRow {
  pair: number;
  order: "AB" | "BA";
  seed: number;
  a: RunRow | null;
  b: RunRow | null;
  left_out: string | null;
}

export interface Comparison {
  format: 1;
  experiment: string | null;
  sides: [SideTold, SideTold];
  design: DesignTold;
  metrics: Metric[];
  verdict: Verdict;
  sentence: string;
  reason: "confirmed" | "refuted" | "no-effect" | null;
  blamed: Blamed | null;
  predicted: Predicted | null;
  same_load: boolean;
  measured: Record<string, Bounded>;
  shifts: StepShift[];
  moved: Moved[];
  pairs: PairRow[];
  caveats: Caveat[];
  vetoed: string[];
  machine: Machine | null;
  calibrated: boolean;
  next_step: string | null;
}

export interface LedgerEntry {
  format: 1;
  experiment: string;
  at_ns: number;
  fault: string;
  fingerprint: string;
  journey: string | null;
  step: string | null;
  at: string;
  before_s: Bounded | null;
  predicted_s: Bounded | null;
  measured_s: Bounded | null;
  predicted_ratio: Bounded | null;
  measured_ratio: Bounded | null;
  refused: string | null;
  verdict: Verdict;
  reason: "confirmed" | "refuted" | "no-effect" | null;
  pairs: number;
  same_load: boolean;
  service: string | null;
}

export interface Guard {
  name: string;
  kind: "slo" | "relative" | "counter";
  metric: string;
  margin: number;
  journey: string | null;
  step: string | null;
  text: string;
  line: number | null;
}

export interface GuardResult {
  guard: Guard;
  verdict: GateVerdict;
  a: number | null;
  b: number | null;
  value: number | null;
  low: number | null;
  high: number | null;
  limit: number;
  unit: string;
  sentence: string;
  settle: string | null;
}

export interface GateReport {
  format: 1;
  experiment: string;
  verdict: GateVerdict;
  sentence: string;
  decided_by: string | null;
  results: GuardResult[];
  comparison: Comparison;
  cause: Moved | null;
  caveats: Caveat[];
  spent_s: number | null;
  base: string;
  candidate: string;
  found: Finding | null;
}

export interface ProofView {
  comparison: Comparison;
  before: Finding | null;
  ledger: LedgerEntry | null;
  guardrail: string | null;
  repeat: string;
  started_ns: number;
  base_report: string | null;
  next_step: string | null;
}

export interface ExperimentView {
  format: 1;
  kind: "experiment";
  experiment: string;
  proof: ProofView;
  gate: GateReport | null;
  versions: Record<string, string>;
  status: Status;
}
