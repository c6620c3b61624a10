#!/bin/sh
# Builds the native core and installs Loadstone into .venv, editable; with uv where it is there, else with pip.
set -eu
cd "$(dirname "$0")/.."
if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
    set -- --uv
else
    set --
fi
maturin develop --release --locked "$@" || {
    echo "loadstone: the native core did not build; the compiler's message is above" >&2
    exit 1
}
