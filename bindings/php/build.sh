#!/bin/sh
# Puts the package together with the library inside, installs it into an empty project by composer, and runs linter, formatter and
# tests. bindings/build.sh calls it, with ANCHOR_LIBRARY and INTO, a folder of its own. It needs php-cli (with FFI, pcntl and posix),
# php-xml, php-mbstring, composer, phpunit and php-codesniffer of Debian.
set -eu

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
export COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_HOME="$INTO/composer" COMPOSER_DISABLE_NETWORK=1

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
grep -q "\"version\": \"$version\"" composer.json && grep -q "VERSION = '$version'" src/Internal/Library.php || {
    echo "bindings/php is not of version $version" >&2
    exit 1
}
phpcs -q .
# Of several files it would check the first.
find src tests -name '*.php' -exec php -l {} \; | grep -v '^No syntax errors' && exit 1
# A package of Packagist has its version from a tag; this one is installed from an archive, which needs it in the file.
composer validate --quiet --strict --no-check-version composer.json

rm -rf "$INTO"
mkdir -p "$INTO/package/lib" "$INTO/project"
cp -R README.md composer.json src "$root/LICENSE-MIT" "$root/LICENSE-APACHE" "$INTO/package"
cp "$ANCHOR_LIBRARY" "$root/include/anchor.cdef" "$INTO/package/lib"
cat >"$INTO/project/composer.json" <<EOF
{
    "repositories": [{"packagist.org": false}, {"type": "path", "url": "$INTO/package", "options": {"symlink": false}}],
    "require": {"libanchor/anchor-events": "$version"}
}
EOF
composer install --quiet --no-interaction --working-dir "$INTO/project"

export ANCHOR_AUTOLOAD="$INTO/project/vendor/autoload.php" ANCHOR_CDEF="$root/include/anchor.cdef"
python3 "$root/bindings/servers.py" phpunit --configuration phpunit.xml --bootstrap tests/bootstrap.php
