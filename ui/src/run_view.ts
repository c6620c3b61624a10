/** The page of a run, as loadstone/model/run_view.py and run.py write it; tests/render/test_html.py holds the two together. */

import type { CausesView } from "./causes_view";
import type { ProofView } from "./proof_view";

export type Status = "running" | "complete" | "interrupted" | "aborted" | "crashed";
export type Outcome = "pass" | "fail" | "undecided" | "invalid" | "none";
export type Validity = "valid" | "doubtful" | "invalid";
export type Level = "note" | "doubt" | "void";

export interface Caveat {
  code: string;
  level: Level;
  metrics: string[];
  message: string;
  advice: string;
}

export interface Latency {
  min: number | null;
  mean: number | null;
  p50: number | null;
  p90: number | null;
  p95: number | null;
  p99: number | null;
  p999: number | null;
  max: number | null;
}

export interface LatencySet {
  response: Latency;
  service: Latency;
  lag: Latency;
  first_byte: Latency;
}

export interface StepSummary {
  journey: string;
  step: string | null;
  requests: number;
  errors: number;
  results: Record<string, number>;
  latency_s: LatencySet;
}

export interface SloResult {
  name: string;
  outcome: Outcome;
  good: number;
  bad: number;
  value: number | null;
  limit: number;
  interval: [number, number] | null;
  objective: string;
  reason: string | null;
}

export interface GeneratorSummary {
  cores: number;
  cpu_s: number;
  cpu_per_request_s: number | null;
  rss_bytes: number;
}

export interface Summary {
  format: 1;
  run: string;
  status: Status;
  outcome: Outcome;
  validity: Validity;
  caveats: Caveat[];
  duration_s: number;
  offered_per_s: number;
  achieved_per_s: number;
  requests: number;
  errors: number;
  dropped: number;
  latency_s: LatencySet;
  steps: StepSummary[];
  slos: SloResult[];
  generator: GeneratorSummary;
  report: string | null;
}

export interface Machine {
  class: string;
  cores: number;
  memory_bytes: number;
  kernel: string;
}

export interface ServiceRecord {
  url: string;
  argv: string[] | null;
  env_names: string[];
  commit: string | null;
  dirty: boolean | null;
}

export interface Collector {
  name: string;
  cost: string | null;
}

export interface ServiceUse {
  cpu_s: number | null;
  rss_bytes: number | null;
}

export interface Manifest {
  format: 1;
  run: string;
  kind: "load" | "gather" | "import";
  status: Status;
  pid: number;
  pid_start_ticks: number | null;
  boot_id: string | null;
  nonce: number;
  versions: Record<string, string>;
  started_ns: number;
  monotonic_ns: number;
  machine: Machine;
  service: ServiceRecord | null;
  seed: number;
  labels: Record<string, string>;
  command: string[];
  observed: string | null;
  experiment: string | null;
  pair: number | null;
  side: string | null;
  collectors: Collector[];
  summary: Summary | null;
  service_use: ServiceUse | null;
}

export interface Series {
  t_s: number[];
  span_s: number[];
  offered_per_s: number[];
  started_per_s: number[];
  achieved_per_s: number[];
  requests_per_s: number[];
  errors_per_s: number[];
  dropped_per_s: number[];
  in_flight_mean: number[];
  in_flight_max: number[];
  connections_open: number[];
  generator_busy_share: number[];
  host_busy_share: (number | null)[];
  host_steal_share: (number | null)[];
  response_p50_s: (number | null)[];
  response_p95_s: (number | null)[];
  response_p99_s: (number | null)[];
  response_max_s: (number | null)[];
  service_p50_s: (number | null)[];
  service_p99_s: (number | null)[];
  lag_p99_s: (number | null)[];
}

export interface PercentileCurve {
  share: number[];
  response_s: number[];
  service_s: number[];
  lag_s: number[];
}

export interface Heat {
  t_s: number[];
  edges_s: number[];
  counts: number[][];
}

export interface PhaseSpan {
  name: string;
  start_s: number;
  end_s: number;
  measured: boolean;
}

export interface ErrorRow {
  journey: string;
  step: string;
  result: string;
  count: number;
  share: number;
  first_s: number;
  last_s: number;
  example: string | null;
}

export interface SampleRow {
  journey: string;
  step: string;
  result: string;
  error: boolean;
  t_s: number;
  response_s: number;
  service_s: number | null;
  lag_s: number | null;
  first_byte_s: number | null;
  method: string;
  target: string;
}

/* Evidence, as loadstone/model/evidence_view.py and evidence.py write it. */

export interface Missing {
  kind: string;
  reason: string;
  advice: string;
}

export interface Coverage {
  process_pid: number | null;
  library: string;
  version: string | null;
  state: "spans" | "no spans" | "not covered" | "not loaded";
  spans: number;
  note: string;
}

export interface AuditCheck {
  code: string;
  outcome: "pass" | "fail" | "could not look";
  message: string;
  left: number | null;
  right: number | null;
  takes_away: string[];
}

export interface SpanView {
  id: string;
  parent: number | null;
  depth: number;
  name: string;
  service: string;
  kind: string;
  start_s: number;
  duration_s: number;
  self_s: number;
  critical_s: number;
  error: boolean;
  statement: string | null;
  where: string | null;
  function: string | null;
  attributes: Record<string, string>;
}

export interface TraceRow {
  trace_id: string;
  why: string;
  name: string;
  journey: string | null;
  step: string | null;
  request: number | null;
  at_s: number;
  duration_s: number;
  spans: number;
  error: boolean;
}

export interface TraceView {
  row: TraceRow;
  spans: SpanView[];
  critical: [number, number, number][];
  cut: number;
}

export interface FlameView {
  title: string;
  source: string;
  state: string;
  unit: string;
  frames: string[];
  frame: number[];
  parent: number[];
  own: number[];
  samples: number;
}

export interface StatementView {
  text: string;
  db_system_name: string;
  spans: number;
  per_request: number | null;
  calls: number | null;
  rows: number | null;
  total_s: number;
  mean_s: number | null;
  p95_s: number | null;
  where: string | null;
  steps: string[];
  plan: number | null;
}

export interface PlanView {
  statement: string;
  source: string;
  parameters: string;
  execute_s: number | null;
  note: string;
  root: Record<string, unknown>;
}

export interface WaitView {
  kind: string;
  name: string;
  count: number;
  total_s: number;
  sampled: boolean;
  example: string | null;
}

export interface HostSeries {
  scope: string;
  metric: string;
  unit: string;
  t_s: number[];
  value: (number | null)[];
  detail: string | null;
}

export interface CostRow {
  name: string;
  unit: string;
  bare: number | null;
  observed: number | null;
  low: number | null;
  high: number | null;
}

export interface EvidenceView {
  run: string;
  spans: number;
  traces: TraceRow[];
  drawn: TraceView[];
  flames: FlameView[];
  statements: StatementView[];
  plans: PlanView[];
  waits: WaitView[];
  host: HostSeries[];
  coverage: Coverage[];
  audit: AuditCheck[];
  missing: Missing[];
  cost: CostRow[];
  notes: string[];
  origin: "this run" | "observed run";
}

export interface RunView {
  format: 1;
  headline: string;
  summary: Summary;
  manifest: Manifest;
  series: Series;
  curve: PercentileCurve;
  heat: Heat;
  phases: PhaseSpan[];
  errors: ErrorRow[];
  slowest: SampleRow[];
  spec: string | null;
  repeat: string;
  evidence: EvidenceView | null;
  causes: CausesView | null;
  proof: ProofView | null;
}
