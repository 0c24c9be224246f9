#!/bin/sh
# Makes .venv and installs the package with its development tools into it, at the versions of constraints.txt.
# Needs a Python from 3.11 to 3.13 that has its venv module; PYTHON names one, otherwise the first that fits is taken.
set -eu
cd "$(dirname "$0")/.."

fits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

fail() {
    echo "$1" >&2
    exit 1
}

if [ -n "${PYTHON:-}" ]; then
    fits "$PYTHON" || fail "PYTHON=$PYTHON is no Python 3.11, 3.12 or 3.13"
    python=$PYTHON
else
    for python in python3 python3.13 python3.12 python3.11 python none; do
        fits "$python" && break
    done
    [ "$python" != none ] || fail "steadygan needs Python 3.11, 3.12 or 3.13, and none is on the PATH (name one: make PYTHON=/path/to/python3.12 ...)"
fi

if ! .venv/bin/python -c '' >/dev/null 2>&1; then
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        fail "$python cannot make virtual environments: its venv module is missing (Debian, Ubuntu: apt install python3-venv)"
    rm -rf .venv
    "$python" -m venv .venv
fi

echo "installing into .venv with $(.venv/bin/python --version); the first time takes some minutes"
# setuptools first and no build isolation: the build, too, uses the pinned version.
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@" -c constraints.txt; }
pip install --quiet --no-compile setuptools
pip install --quiet --no-compile --no-build-isolation -e '.[dev]'
# Inception's layers alone; its front needs torchvision, which the tests do without
pip install --quiet --no-compile --no-deps torch-fidelity
# Byte code by all cores, where pip takes one, and none of the packages' own tests.
.venv/bin/python -m compileall -qq -j 0 -x '/tests?/' .venv/lib || true
touch .venv/installed
