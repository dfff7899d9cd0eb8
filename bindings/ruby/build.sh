#!/bin/sh
# Builds the gem with the library inside, installs it into an empty folder, and runs linter, formatter and tests. bindings/build.sh
# calls it, with ANCHOR_LIBRARY and INTO, a folder of its own. It needs ruby, rubocop and ruby-minitest of Debian.
set -eu

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
grep -q "VERSION = '$version'" lib/anchor_events/version.rb || {
    echo "bindings/ruby is not of version $version" >&2
    exit 1
}
rubocop --cache false --display-only-fail-level-offenses .

rm -rf "$INTO"
mkdir -p "$INTO/package"
cp -R README.md anchor_events.gemspec lib "$root/LICENSE-MIT" "$root/LICENSE-APACHE" "$INTO/package"
cp "$ANCHOR_LIBRARY" "$root/include/anchor.cdef" "$INTO/package/lib/anchor_events"
(cd "$INTO/package" && gem build --silent --strict --output "$INTO/anchor_events.gem")
gem install --silent --local --no-document --install-dir "$INTO/gems" "$INTO/anchor_events.gem"

# The gem, and minitest of the system.
GEM_PATH=$INTO/gems:$(gem environment path)
export GEM_PATH
export ANCHOR_CDEF="$root/include/anchor.cdef"
python3 "$root/bindings/servers.py" ruby -w test/all.rb
