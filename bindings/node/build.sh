#!/bin/sh
# Builds the addon with the library inside, packs the package, installs it into an empty folder, and runs linter, formatter, type
# checker and tests. bindings/build.sh calls it, with ANCHOR_LIBRARY and INTO, a folder of its own.
set -eu

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
archive=${ANCHOR_LIBRARY%.so}.a
headers=${NODE_HEADERS:-$(dirname "$(command -v node)")/../include/node}

rm -rf "$INTO"
mkdir -p "$INTO/package" "$INTO/empty"
cp -R README.md biome.json index.d.ts lib package.json test tsconfig.json "$INTO/package"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
grep -q "\"version\": \"$version\"" package.json || {
    echo "bindings/node/package.json is not of version $version" >&2
    exit 1
}

# One file for every version of Node.js: it uses Node-API alone.
prebuilt=$INTO/package/prebuilds/$(node -p 'process.platform + "-" + process.arch')
mkdir -p "$prebuilt"
# The options are words of their own.
# shellcheck disable=SC2046
${CC:-cc} -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -fPIC -fvisibility=hidden -shared -pthread -I "$headers" -I "$root/include" \
    src/addon.c src/client.c "$archive" $(cat "$root/packaging/native-static-libs") -Wl,--gc-sections -Wl,--exclude-libs,ALL \
    -o "$prebuilt/anchor-events.node"

cd "$INTO/package"
npm install --no-audit --no-fund --ignore-scripts --silent
npm run --silent check
npm pack --silent --pack-destination "$INTO" >/dev/null
cp -R test "$INTO/empty"
cd "$INTO/empty"
npm install --no-audit --no-fund --silent "$INTO"/anchor-events-*.tgz >/dev/null
ANCHOR_CDEF=$root/include/anchor.cdef python3 "$root/bindings/servers.py" node --expose-gc --test test/*.test.js
