//! Routes from raw paths: tables that are known come back, whatever the order, whatever else was asked for.

mod hostile;
mod order;
mod recovery;
mod tables;
mod values;

use loadstone_core::hash::Key;
use loadstone_core::lines::routes::route::Route;
use loadstone_core::lines::routes::{Limits, Routes};

pub const KEY: Key = Key { k0: 7, k1: 11 };

/// A request: method, path, query, status.
pub type Asked = (u8, String, String, u16);

pub fn learned(asked: &[Asked], limits: Limits) -> Routes {
    let mut routes = Routes::new(KEY, limits);
    for (method, path, query, status) in asked {
        routes.observe(*method, path.as_bytes(), query.as_bytes(), *status, 0);
    }
    routes
}

pub fn get(path: &str) -> Asked {
    (0, path.to_owned(), String::new(), 200)
}

/// `GET /products/{}`: names of variables are a matter of taste.
pub fn plain(route: &Route) -> String {
    let mut out = format!("{} ", route.method);
    let mut inside = false;
    for character in route.template.chars() {
        match character {
            '{' => {
                inside = true;
                out.push('{');
            }
            '}' => {
                inside = false;
                out.push('}');
            }
            _ if inside => {}
            _ => out.push(character),
        }
    }
    out
}

pub fn plains(routes: &[Route]) -> Vec<String> {
    let mut all: Vec<String> = routes.iter().map(plain).collect();
    all.sort();
    all
}

/// A source of numbers that look random: equal seeds, equal numbers.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn roll(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea and Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound.max(1) as u64) as usize
    }

    /// A rank below the bound, low ones more often: Zipf of exponent one, about.
    pub fn rank(&mut self, bound: usize) -> usize {
        let uniform = (self.roll() >> 11) as f64 / (1u64 << 53) as f64;
        (((bound as f64 + 1.0).powf(uniform) - 1.0) as usize).min(bound - 1)
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }
}
