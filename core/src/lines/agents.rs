//! Who asked: a person's browser or app, a crawler that says so, one that tries for holes, a health check.
//!
//! By the names that products give themselves in User-Agent (their own documentation), and by paths that nobody asks
//! for who knows the service. A library's name (curl, okhttp, python-requests) says nothing: behind an API it is a
//! customer.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

pub const PERSON: u8 = 0;
pub const BOT: u8 = 1;
pub const SCANNER: u8 = 2;
pub const MONITOR: u8 = 3;

/// Bytes of an agent and of a path that are looked at.
const LOOKED_AT: usize = 512;

/// Checks of load balancers, orchestrators and services that watch.
const MONITORS: &[&str] = &[
    r"kube-probe",
    r"ELB-HealthChecker",
    r"Route ?53-Health-Check",
    r"GoogleHC/",
    r"GoogleStackdriverMonitoring",
    r"Load Balancer Agent",
    r"Azure Traffic Manager Endpoint Monitor",
    r"AlwaysOn|AppInsights",
    r"Envoy/HC",
    r"Consul Health Check",
    r"Cloudflare-(Traffic-Manager|Healthchecks)",
    r"Pingdom",
    r"UptimeRobot",
    r"Uptime-Kuma",
    r"StatusCake",
    r"Site24x7",
    r"Better ?(Uptime|Stack)",
    r"NewRelicPinger|NewRelicSynthetics",
    r"Datadog/?Synthetics",
    r"DynatraceSynthetic|RuxitSynthetic",
    r"Catchpoint",
    r"Checkly",
    r"updown\.io",
    r"HetrixTools",
    r"Freshping",
    r"NodePing",
    r"Wormly",
    r"Gatus",
    r"check_http|nagios|Icinga|Zabbix|Munin|monit/",
    r"Blackbox[ -]Exporter",
    r"Prometheus/",
    r"OpenTelemetry-Collector|otelcol",
    r"healthcheck",
    r"SLB-HealthCheck|AlibabaCloudHealthCheck",
];

/// Tools that look for holes, and surveys of the whole network.
const SCANNERS: &[&str] = &[
    r"sqlmap",
    r"nikto",
    r"Nmap Scripting",
    r"masscan",
    r"zgrab|zmap",
    r"nuclei",
    r"projectdiscovery",
    r"wpscan",
    r"dirbuster|dirsearch|gobuster|feroxbuster|Fuzz Faster|wfuzz",
    r"acunetix|nessus|openvas|Qualys|arachni|w3af|netsparker|invicti",
    r"jaeles|commix|havij|whatweb|detectify|skipfish|jorgee|zmeu|morfeus",
    r"CensysInspect|censys\.io",
    r"Expanse|paloaltonetworks|xpanse",
    r"shodan|leakix|l9(explore|tcpid)|internet-measurement|netsystemsresearch|Modat|visionheight",
    r"\$\{jndi:",
    r"\(\) ?\{ ?:;",
];

/// Crawlers, previews of links, readers of feeds.
const BOTS: &[&str] = &[
    r"(^|[^u])bot(\b|[/;:_-])",
    r"crawl|spider|slurp|scrapy|scraper",
    r"facebookexternalhit|meta-external(agent|fetcher)|facebookcatalog",
    r"WhatsApp/|SkypeUriPreview|BingPreview|Embedly|Iframely|redditbot|Slack-ImgProxy|vkShare|XING-contenttabreceiver",
    r"Mediapartners-Google|AdsBot-Google|Google-InspectionTool|GoogleOther|Google-Read-Aloud|APIs-Google",
    r"FeedFetcher|Feedly|NewsBlur|Inoreader|FreshRSS|Tiny Tiny RSS|Miniflux",
    r"YandexImages|YandexMetrika|Baiduspider|Sogou|ia_archiver|archive\.org|HTTrack|heritrix|Nutch",
    r"ChatGPT-User|OAI-SearchBot|anthropic-ai|Claude-(Web|User|SearchBot)|cohere-ai|Diffbot|Google-Extended",
    r"Chrome-Lighthouse|PageSpeed|GTmetrix|W3C_(Validator|CSS|I18n|Mobile)|W3C-checklink",
    r"Qwantify|Screaming Frog|DataForSeo|DuckDuckGo-Favicons|Dataprovider|BuiltWith|Wappalyzer",
];

/// What nobody asks for who means well, however it is answered.
const HOSTILE: &[&str] = &[
    r"(^|/)\.\.(/|$)|%2e%2e(/|%2f)|\.\.%2f|%252e",
    r"/\.(env|git|svn|hg|aws|ssh|htpasswd|htaccess|DS_Store|vscode|idea)([./_-]|$)",
    r"/etc/(passwd|shadow)|/proc/self/|win\.ini|boot\.ini",
    r"/(id_rsa|id_dsa|wp-config\.php|config\.php\.bak|dump\.sql|backup\.(sql|zip|tar\.gz)|\.?credentials)(\.|$)",
    r"/cgi-bin/.*(/bin/|%2fbin|;|\|)|/cgi-bin/(luci|jarrewrite|authLogin|test-cgi|printenv|php)",
    r"/vendor/phpunit/|eval-stdin\.php|/_ignition/execute-solution|think.?app/invokefunction|invokefunction",
    r"/(GponForm|HNAP1|boaform|setup\.cgi|goform/|shell\?|tmUnblock|device\.rsp|SDK/webLanguage)",
    r"\$\{jndi:|%24%7Bjndi|/bin/(ba)?sh\b|\b(wget|curl)(\+|%20)http",
    r"(\+|%20|/\*.*\*/)union(\+|%20|/\*.*\*/)(all(\+|%20))?select|%27(\+|%20)?or(\+|%20)?%27?1|information_schema|sleep\(\d|<script|%3Cscript",
    r"^\\x|^/\\x|^mstshash|\\x16\\x03|\\x03\\x00",
];

/// What a scanner asks for where a service does not have it; a service that has it answers.
const GUESSES: &[&str] = &[
    r"\.(php\d?|phtml|aspx?|ashx|asmx|jspx?|jspa|cfm|cgi|pl|action)(/|$)",
    r"/(wp-|wordpress|xmlrpc|phpmyadmin|pma|myadmin|mysqladmin|adminer|webdav|cgi-bin)",
    r"\.(bak|old|orig|save|swp|sql|tar|tgz|7z|rar|log|ini|conf|pem|key)(\.gz)?$",
    r"/(actuator|jolokia|solr|struts|manager/html|jenkins|druid|nacos|geoserver|owa/|ecp/|autodiscover|remote/login|telescope/requests|server-status|console/|_profiler|invoker/|jmx-console|axis2)",
    r"/(vendor|node_modules|composer\.json|package\.json|docker-compose|Dockerfile|config\.json|secrets?\.(json|ya?ml))(/|$)",
];

static MONITOR_NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| any(MONITORS));
static SCANNER_NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| any(SCANNERS));
static BOT_NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| any(BOTS));
static HOSTILE_TARGETS: LazyLock<Option<Regex>> = LazyLock::new(|| any(HOSTILE));
static GUESSED_PATHS: LazyLock<Option<Regex>> = LazyLock::new(|| any(GUESSES));

/// One expression for many; the lists are constants, and a test compiles them.
fn any(of: &[&str]) -> Option<Regex> {
    RegexBuilder::new(&of.join("|")).case_insensitive(true).unicode(false).build().ok()
}

fn found(expression: &LazyLock<Option<Regex>>, text: &[u8]) -> bool {
    expression.as_ref().is_some_and(|expression| expression.is_match(&text[..text.len().min(LOOKED_AT)]))
}

/// Who asked, of the four. `status` is the reply's, 0 where it is not known; `path` and `query` are as the log has
/// them, without the `?`.
pub fn kind(agent: &[u8], path: &[u8], query: &[u8], status: u16) -> u8 {
    match of_agent(agent) {
        SCANNER => SCANNER,
        _ if is_probe(path, query, status) => SCANNER,
        PERSON if is_health(path) && is_plain(agent) => MONITOR,
        kind => kind,
    }
}

/// What the agent alone says; worth keeping for each agent.
pub fn of_agent(agent: &[u8]) -> u8 {
    if agent.is_empty() || agent == b"-" {
        PERSON
    } else if found(&MONITOR_NAMES, agent) {
        MONITOR
    } else if found(&SCANNER_NAMES, agent) {
        SCANNER
    } else if found(&BOT_NAMES, agent) {
        BOT
    } else {
        PERSON
    }
}

/// True where what is asked for, with this reply, is a try for a hole.
pub fn is_probe(path: &[u8], query: &[u8], status: u16) -> bool {
    let unanswered = status == 400 || status == 403 || status == 404 || status == 405 || status == 444;
    found(&HOSTILE_TARGETS, path)
        || (!query.is_empty() && found(&HOSTILE_TARGETS, query))
        || (unanswered && found(&GUESSED_PATHS, path))
}

/// Paths by which orchestrators ask whether a service lives (Kubernetes' documentation, and habit).
fn is_health(path: &[u8]) -> bool {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let last = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    [b"healthz".as_slice(), b"livez", b"readyz", b"health", b"healthcheck", b"ready", b"live", b"ping", b"_health"]
        .contains(&last)
}

/// An agent that no browser sends: none, or a program's.
fn is_plain(agent: &[u8]) -> bool {
    agent.is_empty()
        || agent == b"-"
        || [b"curl/".as_slice(), b"Wget/", b"Go-http-client/", b"Python-urllib/"].iter().any(|it| agent.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_expressions() {
        for list in [MONITORS, SCANNERS, BOTS, HOSTILE, GUESSES] {
            assert!(any(list).is_some());
        }
    }

    #[test]
    fn products_are_what_they_say() {
        let cases: &[(&str, u8)] = &[
            ("-", PERSON),
            ("", PERSON),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
                PERSON,
            ),
            ("okhttp/4.12.0", PERSON),
            ("curl/8.5.0", PERSON),
            ("python-requests/2.32.3", PERSON),
            ("Mozilla/5.0 (Linux; Android 13; CUBOT NOTE) AppleWebKit/537.36 Mobile Safari/537.36", PERSON),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", BOT),
            ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", BOT),
            ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", BOT),
            ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", BOT),
            ("Mozilla/5.0 zgrab/0.x", SCANNER),
            ("sqlmap/1.8#stable (https://sqlmap.org)", SCANNER),
            ("Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)", SCANNER),
            ("kube-probe/1.29", MONITOR),
            ("ELB-HealthChecker/2.0", MONITOR),
            ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", MONITOR),
            ("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", MONITOR),
            ("Blackbox Exporter/0.25.0", MONITOR),
            ("Prometheus/2.53.0", MONITOR),
        ];
        for (agent, kind) in cases {
            assert_eq!(of_agent(agent.as_bytes()), *kind, "{agent}");
        }
    }

    #[test]
    fn probes_are_told_from_pages() {
        let probe = |path: &str, status| is_probe(path.as_bytes(), b"", status);
        for path in ["/.env", "/.git/config", "/../../etc/passwd", "/cgi-bin/luci/;stok=/locale", "/a/%2e%2e/%2e%2e/b"]
        {
            assert!(probe(path, 200), "{path}");
        }
        for path in ["/wp-login.php", "/index.php", "/phpmyadmin/", "/old/page.bak", "/cgi-bin/x"] {
            assert!(probe(path, 404), "{path}");
            assert!(!probe(path, 200), "{path}");
        }
        for path in ["/", "/products/42", "/.well-known/acme-challenge/x", "/environment", "/gitlab", "/api/v1/users"] {
            assert!(!probe(path, 404), "{path}");
        }
        assert!(is_probe(b"/items", b"id=1%20union%20select%201", 200));
    }

    #[test]
    fn health_checks_of_programs_are_monitors() {
        assert_eq!(kind(b"curl/8.5.0", b"/healthz", b"", 200), MONITOR);
        assert_eq!(kind(b"Mozilla/5.0", b"/healthz", b"", 200), PERSON);
        assert_eq!(kind(b"curl/8.5.0", b"/products", b"", 200), PERSON);
    }
}
