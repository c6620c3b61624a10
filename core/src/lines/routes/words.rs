//! The vocabulary of paths: words that are never values, nouns whose values follow, endings of files.

use std::collections::HashSet;
use std::sync::OnceLock;

/// Words, and the set of them once it is asked for.
struct Words(&'static str, OnceLock<HashSet<&'static [u8]>>);

const fn words(text: &'static str) -> Words {
    Words(text, OnceLock::new())
}

/// Words that web frameworks and their users put where a value could stand: actions, and views of a collection.
static RESERVED: Words = words(
    "activate activity add all approve archived autocomplete available ban batch bulk buy callback \
    cancel check checkout clear clone close complete config confirm copy count create current deactivate default delete \
    deleted destroy details disable discover download draft drafts edit enable explore export favicon.ico featured filter \
    find follow followers following forgot forgot-password healthz import index inbox latest like list livez load login \
    logout manifest me merge metadata metrics mine move new newest next oauth pay popular preferences preview previous \
    publish random readyz recent recommended refresh register reject related remove rename reorder reply reset \
    reset-password restore resume retry root save schema search self send settings setup sign-in sign-out sign-up signin \
    signout signup sort start stats status stop stream submit subscribe suggest suggestions summary sync test today toggle \
    top trash trending undo unfollow unlike unread unsubscribe update upload validate verify versions view whoami",
);

/// Pages and sections that stand at the root of sites beside `/{name}`.
static SECTIONS: Words = words(
    "about about-us account accounts admin api app apps articles assets auth basket blog book books \
    brands calendar careers cart catalog categories category collections community company contact contact-us cookies \
    courses customers dashboard data demo dist docs documentation downloads events explorer faq features feed feeds files \
    fonts forum forums gallery games graphql groups guide guides health help history home icons images img info items jobs \
    js css legal library live media members messages music news newsletter notifications offers order orders organizations \
    orgs page pages partners password payment payments people photos ping plans podcast posts press pricing privacy \
    privacy-policy product products profile profiles projects public questions rankings redoc reports resources reviews \
    rss sale security services session sessions shipping shop site sitemap source static store stories subscriptions \
    support swagger tag tags team teams terms terms-of-service thanks tickets tools topics tutorials uploads user users \
    videos web webhook webhooks wiki wishlist",
);

/// Nouns that stand before the name of one thing although they are no plural.
static ITEMS: Words = words(
    "album archive artist author blob book brand by c category channel city collection comic company \
    country crate department dept director event film forum game gem genre group hashtag i issue job label language lang \
    location movie owner p package person place r recipe region release repo series song story subject t tag term theme \
    thread title topic tree u v video wiki word x",
);

/// Plurals that are no collections, or hold pages rather than items.
static NO_COLLECTIONS: Words = words(
    "access account accounts actions address admins analytics apis apps assets business css \
    details diagnostics docs downloads epics ajax graphics help https images js legals licenses links logs lists maps media \
    metrics miscellaneous news notifications operations options ops orders-status pages passwords payments permissions \
    preferences process prefs reports rss sales services sessions settings sites sms statics statistics stats status \
    styles systems tasks-status tests tools tms tos uploads us utils webhooks widgets",
);

/// Nouns after which a word is a person's name.
static PEOPLE: Words = words(
    "author authors client clients contact contacts creator creators customer customers employee employees friend friends \
    member members owner owners patient patients people person persons profile profiles student students teacher teachers \
    u user username usernames users",
);

/// Prefixes under which resources stand, not items.
static ROOTS: Words =
    words("api apis rest service services rpc ws ajax internal public private app admin backend v web www");

/// Languages that sites have (ISO 639-1), those with two letters.
static LANGUAGES: Words = words(
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nb nl no pl pt ro ru \
    sk sl sr sv th tr uk vi zh",
);

/// Endings of files, by their number from 1. Up to `PAGES` they are pages that a program makes, up to `DATA` data, and
/// beyond files.
pub const ENDINGS: &[&str] = &[
    "html",
    "htm",
    "php",
    "asp",
    "aspx",
    "jsp",
    "do",
    "action",
    "cgi",
    "xhtml", // pages
    "json",
    "xml",
    "csv",
    "txt",
    "rss",
    "atom",
    "ics",
    "yaml",
    "yml",
    "md", // data
    "js",
    "mjs",
    "css",
    "map",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "avif",
    "ico",
    "bmp",
    "woff",
    "woff2",
    "ttf",
    "eot",
    "otf",
    "mp3",
    "mp4",
    "webm",
    "ogg",
    "wav",
    "m3u8",
    "ts",
    "mpd",
    "wasm",
    "webmanifest",
    "pdf",
    "doc",
    "docx",
    "xls",
    "xlsx",
    "ppt",
    "pptx",
    "zip",
    "gz",
    "tgz",
    "tar",
    "bz2",
    "xz",
    "jar",
    "exe",
    "dmg",
    "apk",
    "whl",
    "rpm",
    "deb",
    "iso",
    "bin",
];

const PAGES: u8 = 10;
const DATA: u8 = 20;

/// The number of an ending, 0 where it is none.
pub fn ending(text: &[u8]) -> u8 {
    if !(1..=11).contains(&text.len()) {
        return 0;
    }
    ENDINGS.iter().position(|known| known.as_bytes().eq_ignore_ascii_case(text)).map_or(0, |at| at as u8 + 1)
}

pub fn name_of_ending(number: u8) -> Option<&'static str> {
    number.checked_sub(1).and_then(|place| ENDINGS.get(usize::from(place))).copied()
}

/// True of endings of files that nobody computes.
pub fn is_file(ending: u8) -> bool {
    ending > DATA
}

/// True of endings of pages, whose stems are routes' names.
pub fn is_page(ending: u8) -> bool {
    (1..=PAGES).contains(&ending)
}

fn listed(list: &Words, word: &[u8]) -> bool {
    list.1.get_or_init(|| list.0.split_ascii_whitespace().map(str::as_bytes).collect()).contains(word)
}

pub fn is_reserved(word: &[u8]) -> bool {
    word.len() <= 20 && listed(&RESERVED, word)
}

/// True of what stands at the root of a site and is nobody's name.
pub fn is_section(word: &[u8]) -> bool {
    listed(&SECTIONS, word)
}

/// `en`, `pt-br`, `zh_TW`.
pub fn is_language(word: &[u8]) -> bool {
    match word.len() {
        2 => listed(&LANGUAGES, word),
        5 => {
            matches!(word[2], b'-' | b'_')
                && word[3..].iter().all(u8::is_ascii_alphabetic)
                && listed(&LANGUAGES, &word[..2])
        }
        _ => false,
    }
}

/// True of a segment under which resources stand.
pub fn is_root(word: &[u8]) -> bool {
    let version = word.len() <= 4 && word.strip_prefix(b"v").is_some_and(|rest| rest.iter().all(u8::is_ascii_digit));
    version || listed(&ROOTS, word)
}

/// True of a noun before which the name of one thing stands: `category`, `tag`.
pub fn names_items(word: &[u8]) -> bool {
    listed(&ITEMS, word)
}

/// True of a noun after which a word is a person's name, where it is no number or id.
pub fn names_people(word: &[u8]) -> bool {
    listed(&PEOPLE, word)
}

/// True of a plural that is a collection: `products`, but not `settings`.
pub fn is_collection(word: &[u8]) -> bool {
    let lower = word.to_ascii_lowercase();
    let last = lower.rsplit(|byte| matches!(byte, b'-' | b'_')).next().unwrap_or(&lower);
    let plural =
        last.len() > 3 && last.ends_with(b"s") && ![&b"ss"[..], b"us", b"is"].iter().any(|end| last.ends_with(end));
    (plural || matches!(last, b"people" | b"children" | b"media" | b"data")) && !listed(&NO_COLLECTIONS, last)
}

/// One of many: `categories` is `category`, `boxes` is `box`.
pub fn singular(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let cut = |end: usize, add: &str| format!("{}{add}", &lower[..lower.len() - end]);
    match lower.as_str() {
        "people" => "person".to_owned(),
        "children" => "child".to_owned(),
        "series" | "news" | "status" => lower,
        _ if lower.ends_with("ies") && lower.len() > 4 => cut(3, "y"),
        _ if ["sses", "shes", "ches", "xes", "zes"].iter().any(|end| lower.ends_with(end)) => cut(2, ""),
        _ if lower.ends_with('s') && !lower.ends_with("ss") && !lower.ends_with("us") && !lower.ends_with("is") => {
            cut(1, "")
        }
        _ => lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_collections() {
        for word in ["products", "blog-posts", "user_accounts2s", "people", "categories"] {
            assert!(is_collection(word.as_bytes()), "{word}");
        }
        for word in ["settings", "status", "about", "news", "address", "js"] {
            assert!(!is_collection(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn one_of_many_has_its_name() {
        for (many, one) in [
            ("products", "product"),
            ("categories", "category"),
            ("boxes", "box"),
            ("addresses", "address"),
            ("bus", "bus"),
            ("user", "user"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
