//! Tables of routes as services have them, and traffic from them.

use crate::{Asked, Dice};

/// What stands where a template has a variable, by its name.
fn value(kind: &str, number: usize) -> String {
    let mut dice = Dice::new(number as u64 * 31 + kind.len() as u64);
    let word = |dice: &mut Dice| WORDS[dice.below(WORDS.len())];
    match kind {
        "id" => (number * 7 + 1).to_string(),
        "uuid" => {
            let (a, b) = (dice.roll(), dice.roll());
            format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, a & 0xffff, b & 0xfff, b >> 12 & 0xfff, b >> 16)
        }
        "oid" => format!("{:016x}{:08x}", dice.roll(), dice.roll() >> 32),
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
        "cus" => {
            const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
            let random: String = (0..14).map(|_| ALPHABET[dice.below(62)] as char).collect();
            format!("cus_{random}")
        }
        "nano" => {
            const ALPHABET: &[u8] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
            (0..26).map(|_| ALPHABET[dice.below(32)] as char).collect()
        }
        "code" => (0..4).map(|place| if place == 0 { 'K' } else { (b'A' + dice.below(26) as u8) as char }).collect(),
        "place" => {
            format!("{}.{:04},-{}.{:04}", 30 + dice.below(18), dice.below(9999), 70 + dice.below(50), dice.below(9999))
        }
        "zone" => format!("{}Z{:03}", ["AK", "CA", "NY", "TX"][number % 4], number % 1000),
        "ticket" => format!("{}-{}", ["OPS", "WEB", "API"][number % 3], 1 + number % 5_000),
        "package" => match dice.below(4) {
            0 => format!("{}-{}", word(&mut dice), word(&mut dice)),
            1 => format!("py{}", word(&mut dice)),
            2 => format!("{}{}", word(&mut dice), dice.below(9)),
            _ => format!("{}{}", word(&mut dice), word(&mut dice)),
        },
        "version" => format!("{}.{}.{}", 1 + number % 5, number % 12, number % 7),
        "hexa" | "hexb" => format!("{:02x}", dice.below(256)),
        "ticker" => (0..3 + dice.below(2)).map(|_| (b'A' + dice.below(26) as u8) as char).collect(),
        "currency" => ["EUR", "USD", "GBP", "JPY", "CHF", "SEK", "NOK", "DKK"][dice.below(8)].to_owned(),
        "word" => WORDS[number % WORDS.len()].to_owned(),
        "state" => ["AK", "AL", "AR", "AZ", "CA", "CO", "CT", "DE", "FL", "GA"][number % 10].to_owned(),
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

/// Tables after the documented interfaces of public services and frameworks: run when the weights were first set, which
/// were then set on them as well.
pub const HELD_OUT: &[Table] = &[
    Table {
        name: "payments",
        routes: &[
            ("GET", "/v1/customers", 10, 1),
            ("POST", "/v1/customers", 6, 1),
            ("GET", "/v1/customers/{cus}", 25, 300),
            ("POST", "/v1/customers/{cus}", 4, 100),
            ("DELETE", "/v1/customers/{cus}", 1, 30),
            ("GET", "/v1/customers/{cus}/sources", 6, 100),
            ("POST", "/v1/charges", 10, 1),
            ("GET", "/v1/charges/{cus}", 15, 300),
            ("POST", "/v1/charges/{cus}/capture", 3, 80),
            ("GET", "/v1/balance", 4, 1),
            ("GET", "/v1/balance/history", 3, 1),
            ("GET", "/v1/events/{cus}", 10, 300),
            ("GET", "/v1/invoices/upcoming", 3, 1),
            ("GET", "/v1/invoices/{cus}", 8, 150),
            ("POST", "/v1/invoices/{cus}/pay", 3, 80),
        ],
    },
    Table {
        name: "forum",
        routes: &[
            ("GET", "/latest.json", 20, 1),
            ("GET", "/t/{slug}/{id}", 50, 500),
            ("GET", "/t/{slug}/{id}/{id}", 15, 300),
            ("GET", "/t/{id}.json", 15, 300),
            ("GET", "/u/{user}", 10, 200),
            ("GET", "/u/{user}/summary", 8, 150),
            ("GET", "/u/{user}/activity", 6, 100),
            ("GET", "/c/{tag}/{id}", 12, 20),
            ("POST", "/posts", 4, 1),
            ("GET", "/posts/{id}", 10, 300),
            ("PUT", "/posts/{id}", 2, 80),
            ("GET", "/categories", 8, 1),
            ("GET", "/search", 8, 1),
            ("GET", "/notifications", 6, 1),
            ("POST", "/session", 3, 1),
            ("GET", "/uploads/default/original/{file}.png", 20, 200),
        ],
    },
    Table {
        name: "administration",
        routes: &[
            ("GET", "/admin/", 5, 1),
            ("GET", "/admin/login/", 4, 1),
            ("POST", "/admin/login/", 3, 1),
            ("GET", "/admin/shop/order/", 8, 1),
            ("GET", "/admin/shop/order/{id}/change/", 12, 200),
            ("POST", "/admin/shop/order/{id}/change/", 4, 100),
            ("GET", "/admin/shop/order/add/", 2, 1),
            ("GET", "/admin/shop/product/", 6, 1),
            ("GET", "/admin/shop/product/{id}/change/", 10, 150),
            ("GET", "/admin/shop/product/{id}/history/", 3, 60),
            ("GET", "/admin/auth/user/", 3, 1),
            ("GET", "/admin/auth/user/{id}/change/", 4, 60),
            ("GET", "/admin/auth/group/", 1, 1),
            ("GET", "/admin/jsi18n/", 3, 1),
        ],
    },
    Table {
        name: "chat",
        routes: &[
            ("GET", "/api/v4/users/me", 20, 1),
            ("GET", "/api/v4/users/{nano}", 15, 200),
            ("GET", "/api/v4/users/username/{user}", 8, 120),
            ("GET", "/api/v4/users/email/{mail}", 4, 60),
            ("POST", "/api/v4/users/login", 4, 1),
            ("POST", "/api/v4/users/status/ids", 6, 1),
            ("GET", "/api/v4/teams/{nano}", 10, 30),
            ("GET", "/api/v4/teams/{nano}/channels", 10, 30),
            ("GET", "/api/v4/teams/name/{slug}", 5, 20),
            ("GET", "/api/v4/channels/{nano}/posts", 30, 200),
            ("POST", "/api/v4/channels/members/me/view", 8, 1),
            ("POST", "/api/v4/posts", 10, 1),
            ("DELETE", "/api/v4/posts/{nano}", 2, 60),
            ("GET", "/api/v4/files/{nano}/preview", 8, 150),
            ("GET", "/api/v4/config/client", 5, 1),
            ("GET", "/api/v4/system/ping", 10, 1),
        ],
    },
    Table {
        name: "newspaper",
        routes: &[
            ("GET", "/", 40, 1),
            ("GET", "/world", 15, 1),
            ("GET", "/politics", 12, 1),
            ("GET", "/culture", 8, 1),
            ("GET", "/sport", 12, 1),
            ("GET", "/business", 10, 1),
            ("GET", "/weather", 6, 1),
            ("GET", "/world/{year}/{month}/{slug}", 30, 250),
            ("GET", "/politics/{year}/{month}/{slug}", 25, 200),
            ("GET", "/culture/{year}/{month}/{slug}", 12, 120),
            ("GET", "/profile/{slug}", 8, 60),
            ("GET", "/live/{uuid}", 10, 40),
            ("GET", "/crosswords/quick/{id}", 6, 120),
            ("GET", "/crosswords/cryptic/{id}", 6, 120),
            ("GET", "/assets/{oid}.css", 20, 12),
        ],
    },
    Table {
        name: "weather",
        routes: &[
            ("GET", "/stations/{code}", 12, 60),
            ("GET", "/stations/{code}/observations/latest", 20, 60),
            ("GET", "/points/{place}", 15, 300),
            ("GET", "/points/{place}/forecast", 15, 200),
            ("GET", "/zones/forecast/{zone}", 8, 60),
            ("GET", "/zones/county/{zone}", 5, 60),
            ("GET", "/alerts/active", 10, 1),
            ("GET", "/alerts/active/area/{state}", 6, 20),
            ("GET", "/glossary", 2, 1),
            ("GET", "/icons/land/day/{tag}", 8, 25),
        ],
    },
];

/// Tables that were written after that: their first run, at a precision of 0.81 of 2,000 requests and a recall of 0.98,
/// is what to expect of a service that was never seen. What they lacked was mended since.
pub const UNSEEN: &[Table] = &[
    Table {
        name: "tracker",
        routes: &[
            ("GET", "/projects", 10, 1),
            ("GET", "/projects/{slug}", 15, 25),
            ("GET", "/projects/{slug}/board", 15, 25),
            ("GET", "/projects/{slug}/tickets", 12, 25),
            ("POST", "/projects/{slug}/tickets", 3, 20),
            ("GET", "/projects/{slug}/tickets/{id}", 30, 400),
            ("PATCH", "/projects/{slug}/tickets/{id}", 6, 150),
            ("GET", "/browse/{ticket}", 20, 400),
            ("GET", "/people/{user}", 6, 40),
            ("GET", "/dashboard", 10, 1),
            ("GET", "/reports/burndown", 2, 1),
            ("GET", "/reports/velocity", 2, 1),
            ("GET", "/attachments/{uuid}/{file}.png", 8, 150),
        ],
    },
    Table {
        name: "clinic",
        routes: &[
            ("GET", "/appointments/{date}", 12, 60),
            ("GET", "/appointments/{date}/{id}", 10, 200),
            ("POST", "/appointments", 4, 1),
            ("GET", "/patients/{id}", 15, 300),
            ("GET", "/patients/{id}/records", 8, 200),
            ("GET", "/patients/{id}/records/{id}", 8, 300),
            ("GET", "/patients/lookup", 5, 1),
            ("GET", "/doctors", 5, 1),
            ("GET", "/doctors/{slug}", 8, 20),
            ("GET", "/doctors/{slug}/availability", 8, 20),
            ("GET", "/insurance/{sku}", 4, 40),
            ("GET", "/forms/intake", 2, 1),
            ("GET", "/forms/consent", 2, 1),
        ],
    },
    Table {
        name: "registry",
        routes: &[
            ("GET", "/simple/{package}/", 40, 400),
            ("GET", "/project/{package}/", 20, 300),
            ("GET", "/project/{package}/{version}/", 15, 300),
            ("GET", "/pypi/{package}/json", 20, 300),
            ("GET", "/user/{user}/", 5, 60),
            ("GET", "/packages/{hexa}/{hexb}/{oid}/{file}.whl", 30, 400),
            ("GET", "/search/", 8, 1),
            ("GET", "/help/", 3, 1),
            ("GET", "/stats/", 2, 1),
            ("GET", "/account/login/", 3, 1),
            ("POST", "/account/login/", 3, 1),
            ("GET", "/manage/projects/", 2, 1),
        ],
    },
    Table {
        name: "market",
        routes: &[
            ("GET", "/api/quotes/{ticker}", 40, 80),
            ("GET", "/api/quotes/{ticker}/history", 15, 60),
            ("GET", "/api/exchange/{currency}/{currency}", 15, 60),
            ("GET", "/api/indices", 8, 1),
            ("GET", "/api/indices/{ticker}", 8, 12),
            ("GET", "/api/news", 10, 1),
            ("GET", "/api/news/{slugid}", 10, 150),
            ("POST", "/api/alerts", 2, 1),
            ("GET", "/api/alerts/{uuid}", 4, 60),
            ("DELETE", "/api/alerts/{uuid}", 1, 40),
            ("GET", "/api/portfolio", 8, 1),
            ("GET", "/api/portfolio/positions", 6, 1),
            ("GET", "/api/portfolio/history", 3, 1),
        ],
    },
    Table {
        name: "recipes",
        routes: &[
            ("GET", "/", 20, 1),
            ("GET", "/recipes/{slug}", 40, 300),
            ("GET", "/recipes/{slug}/print", 5, 80),
            ("GET", "/recipes/popular", 8, 1),
            ("GET", "/ingredients/{word}", 15, 50),
            ("GET", "/collections/{slug}", 8, 30),
            ("GET", "/cooks/{user}", 6, 60),
            ("GET", "/cooks/{user}/recipes", 4, 40),
            ("POST", "/favourites/{id}", 4, 150),
            ("DELETE", "/favourites/{id}", 2, 80),
            ("GET", "/favourites", 5, 1),
            ("GET", "/img/recipes/{oid}.webp", 40, 300),
            ("GET", "/newsletter", 2, 1),
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
            "state" | "code" | "ticker" | "word" | "ticket" => rank,
            "package" => rank + (seed as usize % 1000) * 10_000,
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
