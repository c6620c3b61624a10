//! Traffic from tables that are known: how much of the table comes back, and how much else.

use loadstone_core::lines::routes::Limits;

use crate::tables::{HELD_OUT, TABLES, Table, UNSEEN};
use crate::{learned, plains};

/// `ROUTE_SEEDS=10 ROUTE_REQUESTS=20000 cargo test --release --test routes recovery -- --nocapture` gives the figures of
/// docs/logs.md.
fn told(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn seeds() -> u64 {
    told("ROUTE_SEEDS", 2)
}

fn many() -> usize {
    told("ROUTE_REQUESTS", 8_000) as usize
}

/// Precision and recall over seeds, and what was wrong.
fn recovered(tables: &[Table], requests: usize) -> (f64, f64, Vec<String>) {
    let (mut right, mut found_all, mut true_all, mut wrong) = (0usize, 0usize, 0usize, Vec::new());
    for table in tables {
        let truth = table.truth();
        for seed in 0..seeds() {
            let found = plains(&learned(&table.traffic(seed, requests), Limits::default()).settle().routes);
            let hits = found.iter().filter(|route| truth.contains(route)).count();
            right += hits;
            found_all += found.len();
            true_all += truth.len();
            let missed = truth.iter().filter(|route| !found.contains(route)).map(|route| format!("- {route}"));
            let extra = found.iter().filter(|route| !truth.contains(route)).map(|route| format!("+ {route}"));
            wrong.extend(missed.chain(extra.take(6)).map(|line| format!("{} {seed}: {line}", table.name)));
        }
    }
    (right as f64 / found_all as f64, right as f64 / true_all as f64, wrong)
}

#[test]
fn a_table_comes_back_from_a_days_traffic() {
    let (precision, recall, wrong) = recovered(TABLES, many());
    println!("{} requests: precision {precision:.3}, recall {recall:.3}", many());
    println!("{}", wrong.join("\n"));
    assert!(precision > 0.98 && recall > 0.98, "precision {precision:.3}, recall {recall:.3}");
}

#[test]
fn most_of_a_table_comes_back_from_little_traffic() {
    let (precision, recall, wrong) = recovered(TABLES, 2_000);
    println!("2,000 requests: precision {precision:.3}, recall {recall:.3}");
    println!("{}", wrong.join("\n"));
    assert!(precision > 0.95 && recall > 0.95, "precision {precision:.3}, recall {recall:.3}");
}

#[test]
fn other_tables_come_back() {
    for (requests, least) in [(2_000, 0.85), (many(), 0.97)] {
        let (precision, recall, wrong) = recovered(HELD_OUT, requests);
        println!("others, {requests} requests: precision {precision:.3}, recall {recall:.3}");
        println!("{}", wrong.join("\n"));
        assert!(precision > least && recall > 0.97, "precision {precision:.3}, recall {recall:.3}");
    }
}

#[test]
fn tables_that_nothing_was_set_on_come_back() {
    for requests in [2_000, many()] {
        let (precision, recall, wrong) = recovered(UNSEEN, requests);
        println!("unseen, {requests} requests: precision {precision:.3}, recall {recall:.3}");
        println!("{}", wrong.join("\n"));
        assert!(precision > 0.95 && recall > 0.97, "precision {precision:.3}, recall {recall:.3}");
    }
}
