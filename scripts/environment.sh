#!/bin/sh
# Makes .venv and installs what requirements/dev.txt locks: with uv, and with pip where uv cannot.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf 'loadstone: %s\n' "$1" >&2
    exit 1
}

enough='import sys; sys.exit(sys.version_info < (3, 11))'

find_python() {
    for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 python; do
        if "$name" -c "$enough" >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 or newer was not found; install it (on Debian: apt-get install python3 python3-venv) or name one: make PYTHON=/path/to/python3"
}

if ! .venv/bin/python -c "$enough" >/dev/null 2>&1; then
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            echo "Python's venv module is missing: installing python3-venv"
            apt-get update -q && apt-get install -q -y --no-install-recommends python3-venv ||
                fail "python3-venv could not be installed; see apt-get's message above"
        else
            fail "Python's venv module is missing from $python; on Debian or Ubuntu: sudo apt-get install python3-venv"
        fi
    fi
    rm -rf .venv
    "$python" -m venv .venv || fail ".venv could not be made with $python; see its message above"
fi

if ! .venv/bin/uv --version >/dev/null 2>&1; then
    .venv/bin/python -m pip --version >/dev/null 2>&1 ||
        fail ".venv has neither uv nor pip; remove it (rm -r .venv) and run make again"
    mkdir -p .build
    awk '/^[^ ]/ { uv = /^uv==/ } uv' requirements/dev.txt >.build/uv.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .build/uv.txt ||
        echo "uv could not be installed: going on with pip, which takes longer"
fi

# uv does not read pip's settings: hand over an index that pip was told of by the environment.
[ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"

if .venv/bin/uv --version >/dev/null 2>&1 &&
    .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes --requirement requirements/dev.txt; then
    exit 0
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt ||
    fail "the packages of requirements/dev.txt could not be installed; is the package index reachable?"
