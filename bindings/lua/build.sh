#!/bin/sh
# Packs a binary rock with the library inside, installs it into an empty tree, and runs formatter, linter and tests.
# bindings/build.sh calls it, with ANCHOR_LIBRARY and INTO, a folder of its own.
#
# It needs luajit, luarocks, lua-check and lua-busted of Debian, and npm for the formatter.
set -eu

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
rockspec=anchor-events-$version-1.rockspec
grep -q "^local VERSION = \"$version\"" src/library.lua && [ -f "$rockspec" ] || {
    echo "bindings/lua is not of version $version" >&2
    exit 1
}

tools=$INTO/tools
[ -d "$tools/node_modules" ] ||
    npm install --no-audit --no-fund --ignore-scripts --silent --prefix "$tools" @johnnymorganz/stylua@2.5.2
NODE_PATH=$tools/node_modules node format.cjs --check ./*.rockspec src/*.lua test/*.lua
luacheck --quiet --no-cache .

rm -rf "$INTO/rock" "$INTO/tree"
mkdir -p "$INTO/rock/doc"
cp -R "$rockspec" src "$INTO/rock"
cp "$root/include/anchor.cdef" "$ANCHOR_LIBRARY" "$INTO/rock"
cp README.md "$root"/LICENSE-* "$INTO/rock/doc"
cd "$INTO/rock"
rocks() {
    luarocks --lua-version 5.1 --tree "$INTO/tree" "$@" >"$INTO/luarocks.log" 2>&1 || {
        cat "$INTO/luarocks.log" >&2
        return 1
    }
}
rocks make --pack-binary-rock "$rockspec"
rocks install ./*.rock

cd "$root/bindings/lua"
export LUA_PATH="$INTO/tree/share/lua/5.1/?.lua;$INTO/tree/share/lua/5.1/?/init.lua;./test/?.lua;;"
export LUA_CPATH="$INTO/tree/lib/lua/5.1/?.so;;"
ANCHOR_CDEF=$root/include/anchor.cdef python3 "$root/bindings/servers.py" busted --lua="$(command -v luajit)" --pattern=_test test
