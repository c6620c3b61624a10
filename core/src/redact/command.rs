//! Commands of key-value stores: the command stays, its arguments become one `?`.

use super::statement::Literals;

/// Commands whose second word is a command too (Redis, "Command reference": container commands).
const CONTAINERS: &[&str] = &[
    "acl", "client", "cluster", "command", "config", "debug", "function", "latency", "memory", "module", "object",
    "pubsub", "script", "slowlog", "xgroup", "xinfo",
];

/// Commands that may begin a further line. A value may hold line breaks too, so no other word does.
const PIPELINED: &[&str] = &[
    "append",
    "blpop",
    "brpop",
    "decr",
    "decrby",
    "del",
    "discard",
    "eval",
    "evalsha",
    "exec",
    "exists",
    "expire",
    "expireat",
    "get",
    "getdel",
    "getex",
    "getrange",
    "getset",
    "hdel",
    "hexists",
    "hget",
    "hgetall",
    "hincrby",
    "hkeys",
    "hlen",
    "hmget",
    "hmset",
    "hscan",
    "hset",
    "hsetnx",
    "hvals",
    "incr",
    "incrby",
    "incrbyfloat",
    "lindex",
    "llen",
    "lpop",
    "lpush",
    "lrange",
    "lrem",
    "lset",
    "ltrim",
    "mget",
    "mset",
    "multi",
    "persist",
    "pexpire",
    "ping",
    "psetex",
    "pttl",
    "publish",
    "rpop",
    "rpush",
    "sadd",
    "scan",
    "scard",
    "sdiff",
    "select",
    "set",
    "setex",
    "setnx",
    "sinter",
    "sismember",
    "smembers",
    "spop",
    "srem",
    "sunion",
    "touch",
    "ttl",
    "type",
    "unlink",
    "watch",
    "xadd",
    "xread",
    "zadd",
    "zcard",
    "zincrby",
    "zrange",
    "zrangebyscore",
    "zrem",
    "zrevrange",
    "zscore",
];

/// Masks one command, or the commands of a pipeline, one a line.
pub fn mask(text: &str, literals: &mut Literals) -> String {
    let mut out = String::new();
    for (number, line) in text.trim().split('\n').enumerate() {
        let mut words = line.split_ascii_whitespace().peekable();
        let Some(first) = words.next() else { continue };
        let known = |list: &[&str], word: &str| list.iter().any(|known| known.eq_ignore_ascii_case(word));
        if number > 0 && !known(PIPELINED, first) {
            argument(line.trim(), &mut out, literals);
            continue;
        }
        if number > 0 {
            out.push('\n');
        }
        if !is_command(first) {
            argument(line.trim(), &mut out, literals);
            continue;
        }
        out.push_str(first);
        if known(CONTAINERS, first) && words.peek().is_some_and(|word| is_command(word)) {
            out.push(' ');
            out.push_str(words.next().unwrap_or_default());
        }
        words.for_each(|word| argument(word, &mut out, literals));
    }
    out
}

fn argument(word: &str, out: &mut String, literals: &mut Literals) {
    if word != "?" {
        literals.push(word);
    }
    if !out.ends_with('?') {
        out.push_str(if out.is_empty() || out.ends_with('\n') { "?" } else { " ?" });
    }
}

fn is_command(word: &str) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_');
    word.len() <= 24
        && word.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && word.as_bytes().iter().all(|byte| fits(byte) || byte.is_ascii_digit())
}
