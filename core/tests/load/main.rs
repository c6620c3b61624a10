//! The engine against small servers in this process: what servers do wrong, what journeys do, how a run ends.

mod chaos;
mod graphs;
mod hostile;
mod journeys;
mod population;
mod secure;
mod stage;
mod stopping;
