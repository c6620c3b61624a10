#!/bin/sh
# Checks that a tool is there: need.sh rust [fmt|clippy] | node | chromium
# What is missing is said in one sentence with the way out. Chromium is installed where that may be done.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf 'loadstone: %s\n' "$1" >&2
    exit 1
}

# at_least 20.19 "v20.20.2": is the version found not older?
at_least() {
    printf '%s\n' "$2" | awk -v want="$1" '
        { gsub(/^[^0-9]*/, ""); split($1, have, "."); split(want, need, ".")
          for (i = 1; i <= 2; i++) { if (have[i] + 0 > need[i] + 0) exit 0; if (have[i] + 0 < need[i] + 0) exit 1 } exit 0 }'
}

need_rust() {
    command -v cargo >/dev/null ||
        fail "Rust was not found; install the stable toolchain with rustup (https://rustup.rs) and run make again"
    found=$(rustc --version)
    least=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' core/Cargo.toml)
    at_least "$least" "$found" || fail "Rust $least or newer is needed, found $found; run: rustup update stable"
    command -v cc >/dev/null ||
        fail "no C compiler (cc) was found, which Rust links with; on Debian or Ubuntu: apt-get install build-essential"
    case "${1:-}" in
    '') ;;
    *) cargo "$1" --version >/dev/null 2>&1 ||
        fail "cargo $1 was not found; run: rustup component add $(echo "$1" | sed s/^fmt$/rustfmt/)" ;;
    esac
}

need_node() {
    command -v node >/dev/null && command -v npm >/dev/null ||
        fail "Node and npm were not found; install Node 20.19 or newer (https://nodejs.org) and run make again"
    found=$(node --version)
    at_least 20.19 "$found" || fail "Node 20.19 or newer is needed, found $found"
}

chromium_runs() {
    for name in chromium chromium-browser google-chrome; do
        if "$name" --version >/dev/null 2>&1; then
            return
        fi
    done
    return 1
}

need_chromium() {
    if chromium_runs; then
        return
    fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Chromium was not found: installing it with apt-get for the tests of the pages"
        apt-get update -q || true
        apt-get install -q -y --no-install-recommends chromium || true
        if chromium_runs; then
            return
        fi
        # Ubuntu's package is a snap, which a container cannot run: Playwright brings a Chromium of its own.
        if .venv/bin/playwright install --with-deps chromium; then
            return
        fi
    fi
    echo "Chromium was not found and could not be installed: the tests of the pages in a browser are skipped" >&2
}

need=$1
shift
"need_$need" "$@"
