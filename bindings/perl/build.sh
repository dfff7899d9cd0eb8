#!/bin/sh
# Makes the distribution, installs it with the library inside into an empty folder, and runs formatter, linter and tests.
# bindings/build.sh calls it, with ANCHOR_LIBRARY and INTO, a folder of its own.
#
# It needs perl, make, a C compiler, and perltidy and libperl-critic-perl of Debian.
set -eu

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
modules=$(find lib -name '*.pm')
for module in $modules; do
    grep -q "^our \$VERSION = '$version';" "$module" || {
        echo "bindings/perl/$module is not of version $version" >&2
        exit 1
    }
done

for file in $modules Makefile.PL t/*.t t/lib/*.pm; do
    perltidy --profile=.perltidyrc --assert-tidy --standard-output "$file" >/dev/null
done
perlcritic --quiet --profile .perlcriticrc lib Makefile.PL
podchecker lib/Anchor/Events.pm

rm -rf "$INTO"
mkdir -p "$INTO/source"
cp -R . "$root"/LICENSE-* "$INTO/source"
cd "$INTO/source"
export ANCHOR_LIBRARY="${ANCHOR_LIBRARY%.so}.a" ANCHOR_INCLUDE="$root/include"
quietly() {
    "$@" >"$INTO/log" 2>&1 || {
        cat "$INTO/log" >&2
        return 1
    }
}
quietly perl Makefile.PL
perl -MExtUtils::Manifest=fullcheck -e '$ExtUtils::Manifest::Quiet = 1; my @wrong = map { @$_ } fullcheck; die "MANIFEST: @wrong\n" if @wrong'
quietly make dist
tar -xzf "Anchor-Events-$version.tar.gz" -C "$INTO"
cd "$INTO/Anchor-Events-$version"
quietly perl Makefile.PL INSTALL_BASE="$INTO/installed" OPTIMIZE='-O2 -Wall -Wextra -Wno-unused-parameter -Werror'
quietly make
quietly make install
export PERL5LIB="$INTO/installed/lib/perl5"
ANCHOR_CDEF=$root/include/anchor.cdef python3 "$root/bindings/servers.py" prove t
