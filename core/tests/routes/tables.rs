//! Tables of routes as services have them, and traffic from them.

use crate::{Asked, Dice};

/// What stands where a template has a variable, by its name.
fn value(kind: &str, number: usize) -> String {
    let mut dice = Dice::new(number as u64 * 31 + kind.len() as u64);
    let word = |dice: &mut Dice| WORDS[dice.below(WORDS.len())];
    match kind {
        "id" => (number * 7 + 1).to_string(),
        "uuid" => {
            let (a, b) = (dice.next(), dice.next());
            format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, a & 0xffff, b & 0xfff, b >> 12 & 0xfff, b >> 16)
        }
        "oid" => format!("{:016x}{:08x}", dice.next(), dice.next() >> 32),
        "short" => {
            const ALPHABET: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
            (0..11).map(|_| ALPHABET[dice.below(ALPHABET.len())] as char).collect()
        }
        "slug" => {
            let many = 2 + dice.below(4);
            let words: Vec<&str> = (0..many).map(|_| word(&mut dice)).collect();
            words.join("-")
        }
        "slugid" => format!("{}-{}-{}", word(&mut dice), word(&mut dice), number + 100),
        "user" => match dice.below(3) {
            0 => format!("{}{}", word(&mut dice), dice.below(100)),
            1 => format!("{}_{}", word(&mut dice), word(&mut dice)),
            _ => format!("{}{}", word(&mut dice), word(&mut dice)),
        },
        "tag" => WORDS[number % WORDS.len()].to_owned(),
        "date" => format!("2024-{:02}-{:02}", 1 + number % 12, 1 + number % 28),
        "year" => (2015 + number % 10).to_string(),
        "month" => format!("{:02}", 1 + number % 12),
        "file" => format!("{}-{}", word(&mut dice), number),
        "mail" => format!("{}{}@example.org", word(&mut dice), number),
        "lang" => ["en", "de", "fr", "es"][number % 4].to_owned(),
        "sku" => format!("{}{:04}", ["AB", "CD", "XR"][number % 3], number),
        _ => unreachable!("{kind}"),
    }
}

pub const WORDS: [&str; 64] = [
    "amber", "apple", "autumn", "bakery", "bamboo", "basil", "birch", "bright", "brook", "candle", "cedar", "cherry",
    "cliff", "cloud", "copper", "coral", "cotton", "crystal", "daisy", "desert", "ember", "falcon", "feather", "fern",
    "forest", "garden", "ginger", "glacier", "golden", "granite", "harbor", "hazel", "honey", "island", "ivory",
    "jasper", "lantern", "lemon", "lilac", "linen", "maple", "marble", "meadow", "midnight", "mint", "moss", "ocean",
    "olive", "orchid", "pebble", "pepper", "pine", "plum", "quartz", "raven", "river", "rose", "saffron", "sage",
    "silver", "spruce", "sunset", "velvet", "willow",
];

/// A service: routes as method, template, weight and how many different values a variable takes.
pub struct Table {
    pub name: &'static str,
    pub routes: &'static [(&'static str, &'static str, usize, usize)],
}

pub const TABLES: &[Table] = &[
    Table {
        name: "shop",
        routes: &[
            ("GET", "/", 30, 1),
            ("GET", "/products", 40, 1),
            ("GET", "/products/{id}", 80, 500),
            ("GET", "/products/{id}/reviews", 20, 300),
            ("POST", "/products/{id}/reviews", 3, 100),
            ("GET", "/products/new", 2, 1),
            ("GET", "/products/search", 20, 1),
            ("GET", "/cart", 15, 1),
            ("POST", "/cart/items", 10, 1),
            ("DELETE", "/cart/items/{id}", 3, 50),
            ("POST", "/checkout", 5, 1),
            ("GET", "/users/me", 12, 1),
            ("GET", "/users/{id}", 8, 200),
            ("PUT", "/users/{id}", 2, 50),
            ("GET", "/categories/{slug}", 14, 40),
            ("POST", "/login", 6, 1),
            ("POST", "/logout", 4, 1),
            ("GET", "/orders/{uuid}", 8, 200),
            ("GET", "/about", 3, 1),
            ("GET", "/contact", 2, 1),
        ],
    },
    Table {
        name: "blog",
        routes: &[
            ("GET", "/", 40, 1),
            ("GET", "/{year}/", 4, 8),
            ("GET", "/{year}/{month}/", 6, 60),
            ("GET", "/{year}/{month}/{slug}/", 60, 300),
            ("POST", "/{year}/{month}/{slug}/comments/", 4, 80),
            ("GET", "/tag/{tag}/", 12, 30),
            ("GET", "/author/{user}/", 6, 12),
            ("GET", "/feed/", 20, 1),
            ("GET", "/about/", 5, 1),
            ("GET", "/contact/", 5, 1),
            ("GET", "/archive/{date}/", 6, 60),
        ],
    },
    Table {
        name: "api",
        routes: &[
            ("GET", "/api/v1/users", 20, 1),
            ("POST", "/api/v1/users", 3, 1),
            ("GET", "/api/v1/users/{oid}", 30, 300),
            ("PATCH", "/api/v1/users/{oid}", 4, 100),
            ("DELETE", "/api/v1/users/{oid}", 1, 20),
            ("GET", "/api/v1/users/{oid}/orders", 15, 200),
            ("GET", "/api/v1/users/{oid}/orders/{id}", 20, 300),
            ("GET", "/api/v1/users/me", 20, 1),
            ("GET", "/api/v1/orders", 10, 1),
            ("POST", "/api/v1/orders", 6, 1),
            ("GET", "/api/v1/orders/{id}", 25, 400),
            ("POST", "/api/v1/orders/{id}/cancel", 2, 40),
            ("GET", "/api/v1/products", 20, 1),
            ("GET", "/api/v1/products/{sku}", 40, 200),
            ("GET", "/api/v1/products/{sku}/stock", 10, 100),
            ("GET", "/api/v1/invoices/{uuid}", 5, 80),
            ("GET", "/api/v1/invoices/{uuid}/pdf", 2, 40),
            ("GET", "/api/v1/reports/daily", 1, 1),
            ("GET", "/api/v1/reports/weekly", 1, 1),
            ("GET", "/api/v2/users/{oid}", 8, 100),
            ("GET", "/healthz", 10, 1),
            ("GET", "/metrics", 5, 1),
        ],
    },
    Table {
        name: "forge",
        routes: &[
            ("GET", "/", 10, 1),
            ("GET", "/explore", 5, 1),
            ("GET", "/login", 5, 1),
            ("GET", "/{user}", 20, 400),
            ("GET", "/{user}/{slug}", 60, 600),
            ("GET", "/{user}/{slug}/issues", 20, 300),
            ("GET", "/{user}/{slug}/issues/{id}", 30, 500),
            ("POST", "/{user}/{slug}/issues", 2, 80),
            ("GET", "/{user}/{slug}/commit/{oid}", 15, 300),
            ("GET", "/{user}/{slug}/settings", 2, 40),
            ("GET", "/settings/profile", 2, 1),
            ("GET", "/settings/keys", 1, 1),
        ],
    },
    Table {
        name: "videos",
        routes: &[
            ("GET", "/watch/{short}", 60, 800),
            ("POST", "/watch/{short}/like", 5, 200),
            ("GET", "/channel/{user}", 20, 200),
            ("GET", "/channel/{user}/videos", 10, 100),
            ("GET", "/playlist/{short}", 8, 100),
            ("GET", "/trending", 10, 1),
            ("GET", "/static/thumbs/{file}.jpg", 50, 400),
            ("GET", "/static/js/{file}.js", 20, 25),
            ("GET", "/favicon.ico", 20, 1),
            ("GET", "/robots.txt", 4, 1),
            ("GET", "/sitemap.xml", 2, 1),
            ("GET", "/unsubscribe/{mail}", 2, 60),
        ],
    },
    Table {
        name: "datasets",
        routes: &[
            ("GET", "/{lang}/", 5, 4),
            ("GET", "/{lang}/items/", 15, 4),
            ("GET", "/{lang}/items/{slugid}/", 40, 400),
            ("GET", "/{lang}/help/", 4, 4),
            ("GET", "/data/{id}.json", 30, 400),
            ("GET", "/data/{id}.csv", 10, 100),
            ("GET", "/data/latest.json", 6, 1),
            ("GET", "/export/{date}.csv", 5, 60),
        ],
    },
    Table {
        name: "pages",
        routes: &[
            ("GET", "/", 20, 1),
            ("GET", "/pricing", 8, 1),
            ("GET", "/features", 8, 1),
            ("GET", "/privacy-policy", 3, 1),
            ("GET", "/terms-of-service", 3, 1),
            ("GET", "/about-us", 3, 1),
            ("GET", "/careers", 3, 1),
            ("GET", "/docs/install", 6, 1),
            ("GET", "/docs/quickstart", 6, 1),
            ("GET", "/docs/reference", 4, 1),
            ("GET", "/docs/faq", 3, 1),
            ("GET", "/docs/upgrading", 3, 1),
            ("GET", "/account/profile", 3, 1),
            ("GET", "/account/password", 2, 1),
            ("GET", "/account/billing", 2, 1),
            ("POST", "/account/billing", 1, 1),
            ("GET", "/blog", 6, 1),
            ("GET", "/blog/{slug}", 30, 80),
        ],
    },
];

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

impl Table {
    /// Requests drawn from the table, and as noise scanners' that are not found.
    pub fn traffic(&self, seed: u64, requests: usize) -> Vec<Asked> {
        let mut dice = Dice::new(seed ^ 0x5eed);
        let all: usize = self.routes.iter().map(|route| route.2).sum();
        let mut asked = Vec::with_capacity(requests);
        for _ in 0..requests {
            if dice.below(50) == 0 {
                let junk = format!("/{}/{}.php", WORDS[dice.below(64)], WORDS[dice.below(64)]);
                asked.push((0, junk, String::new(), 404));
                continue;
            }
            let mut at = dice.below(all);
            let route = self.routes.iter().find(|route| {
                let here = at < route.2;
                at = at.saturating_sub(if here { 0 } else { route.2 });
                here
            });
            let (method, template, _, many) = route.unwrap();
            let path = filled(template, seed, &mut dice, *many);
            let number = METHODS.iter().position(|known| known == method).unwrap() as u8;
            let status = if template.contains('{') && dice.below(40) == 0 { 404 } else { 200 };
            let query = if dice.below(4) == 0 { format!("page={}", 1 + dice.rank(9)) } else { String::new() };
            asked.push((number, path, query, status));
        }
        asked
    }

    /// The true routes as `crate::plain` writes them.
    pub fn truth(&self) -> Vec<String> {
        let mut truth: Vec<String> = self
            .routes
            .iter()
            .map(|(method, template, _, _)| {
                let route = loadstone_core::lines::routes::route::Route::new(method, template);
                crate::plain(&route)
            })
            .collect();
        truth.sort();
        truth.dedup();
        truth
    }
}

fn filled(template: &str, seed: u64, dice: &mut Dice, many: usize) -> String {
    let mut out = String::new();
    let mut rest = template;
    // One rank for the whole path, so that `many` paths differ.
    let rank = dice.rank(many);
    let mut place = 0;
    while let Some((before, after)) = rest.split_once('{') {
        let (kind, after) = after.split_once('}').unwrap();
        out.push_str(before);
        let number = rank + (seed as usize % 1000) * 10_000 + place * 1_000_003 % 97 * usize::from(kind != "lang");
        let number = match kind {
            "year" | "month" | "lang" | "tag" => rank / (1 + place) + seed as usize,
            "user" => (rank / 3) + (seed as usize % 1000) * 10_000,
            _ => number,
        };
        out.push_str(&value(kind, number));
        place += 1;
        rest = after;
    }
    out.push_str(rest);
    out
}
