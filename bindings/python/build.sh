#!/bin/sh
# Builds the wheel, installs it into an empty environment, and runs linter, formatter, type checker and tests. bindings/build.sh
# calls it, with ANCHOR_LIBRARY, GLIBC and INTO, a folder of its own.
set -eu

cd "$(dirname "$0")"
glibc=${GLIBC:-}
[ -z "$glibc" ] || export ANCHOR_WHEEL_PLATFORM="manylinux_$(echo "$glibc" | tr . _)_$(uname -m)"

tools=$INTO/tools
[ -x "$tools/bin/ruff" ] || python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check 'build==1.*' 'hatchling==1.*' 'mypy==2.*' 'pytest==9.*' 'ruff==0.17.*'
"$tools/bin/ruff" check --no-cache .
"$tools/bin/ruff" format --no-cache --check .
"$tools/bin/mypy" --cache-dir "$INTO/mypy"

rm -rf "$INTO/dist" "$INTO/environment"
"$tools/bin/python" -m build --quiet --no-isolation --wheel --outdir "$INTO/dist" .
python3 -m venv "$INTO/environment"
environment=$INTO/environment/bin
"$environment/pip" install --quiet --disable-pip-version-check --no-index "$INTO"/dist/*.whl
"$environment/pip" install --quiet --disable-pip-version-check 'pytest==9.*'
"$environment/python" ../servers.py "$environment/python" -B -m pytest -p no:cacheprovider
