/** The page of a model of traffic, as loadstone/model/traffic_view.py writes it. */

export interface Distance {
  value: number;
  low: number | null;
  high: number | null;
}

export interface Likeness {
  measure: string;
  workload: Distance | null;
  naive: Distance | null;
  replay: Distance | null;
  window_s: number | null;
  verdict: string;
}

export interface TrafficTable {
  caption: string;
  columns: { name: string; holds: "text" | "number" | "code" }[];
  rows: string[][];
  first: number;
}

export interface TrafficSection {
  id: string;
  title: string;
  sentences: string[];
  tables: TrafficTable[];
  bars: number[];
}

export interface TrafficView {
  format: 1;
  kind: "traffic";
  id: string;
  headline: string;
  belief: "valid" | "doubtful";
  sentence: string;
  alike: Likeness[];
  sections: TrafficSection[];
}
