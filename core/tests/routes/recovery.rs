//! Traffic from tables that are known: how much of the table comes back, and how much else.

use loadstone_core::lines::routes::Limits;

use crate::tables::TABLES;
use crate::{learned, plains};

const SEEDS: u64 = 10;

/// Precision and recall over seeds, and what was wrong.
fn recovered(requests: usize) -> (f64, f64, Vec<String>) {
    let (mut right, mut found_all, mut true_all, mut wrong) = (0usize, 0usize, 0usize, Vec::new());
    for table in TABLES {
        let truth = table.truth();
        for seed in 0..SEEDS {
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
    let (precision, recall, wrong) = recovered(20_000);
    println!("20,000 requests: precision {precision:.3}, recall {recall:.3}");
    println!("{}", wrong.join("\n"));
    assert!(precision > 0.98 && recall > 0.98, "precision {precision:.3}, recall {recall:.3}");
}

#[test]
fn most_of_a_table_comes_back_from_little_traffic() {
    let (precision, recall, wrong) = recovered(2_000);
    println!("2,000 requests: precision {precision:.3}, recall {recall:.3}");
    println!("{}", wrong.join("\n"));
    assert!(precision > 0.95 && recall > 0.95, "precision {precision:.3}, recall {recall:.3}");
}
