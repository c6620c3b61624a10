//! The load engine alone, without Python: `generator plan.json`. What it costs is what a request costs the generator.

use std::time::Duration;

use loadstone_core::load::engine::Engine;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: generator PLAN");
        std::process::exit(2);
    };
    let plan = std::fs::read(path)?;
    let engine = Engine::new(&plan).map_err(|error| error.to_string())?;
    engine.start().map_err(|error| error.to_string())?;
    let mut intervals = 0;
    while !engine.finished() {
        let interval = engine.poll(Duration::from_millis(500)).map_err(|error| error.to_string())?;
        intervals += usize::from(interval.is_some());
    }
    println!("{{\"intervals\": {intervals}}}");
    Ok(())
}
