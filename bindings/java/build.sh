#!/bin/sh
# Builds the jar with the library inside, and runs formatter, linter, documentation and tests. bindings/build.sh calls it, with
# ANCHOR_LIBRARY and INTO, a folder of its own. It needs Debian's openjdk-17-jdk-headless, junit5, libpicocli-java, clang-format,
# maven and libxml2-utils.
set -eu

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
archive=${ANCHOR_LIBRARY%.so}.a
javac=$(readlink -f "$(command -v javac)")
jdk=${JAVA_HOME:-${javac%/bin/javac}}
PATH=$jdk/bin:$PATH
jars=${JUNIT_JARS:-/usr/share/java}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)

rm -rf "$INTO"
mkdir -p "$INTO/classes/io/github/libanchor/events" "$INTO/headers" "$INTO/tests" "$INTO/reports" "$INTO/temporary"

xmllint --noout pom.xml
[ "$(xmllint --xpath 'string(/*/*[local-name()="version"])' pom.xml)" = "$version" ] && grep -q "<version>$version</version>" README.md || {
    echo "bindings/java/pom.xml or README.md is not of version $version" >&2
    exit 1
}
cp pom.xml "$INTO"
(cd "$INTO" && mvn --offline --quiet validate)

find src -name '*.java' -exec clang-format --dry-run --Werror {} +

find src/main/java -name '*.java' >"$INTO/sources"
javac --release 17 -Xlint:all -Werror -h "$INTO/headers" -d "$INTO/classes" "@$INTO/sources"
echo "$version" >"$INTO/classes/io/github/libanchor/events/version"
javadoc -quiet -Xdoclint:all -Werror -d "$INTO/documentation" "@$INTO/sources"

# One file for every version of Java. Its names are those that Java looks for, on this system.
platform=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
mkdir -p "$INTO/classes/native/$platform"
# The options are words of their own.
# shellcheck disable=SC2046
${CC:-cc} -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -fPIC -fvisibility=hidden -shared -pthread -I "$INTO/headers" \
    -I "$jdk/include" -I "$jdk/include/linux" -I "$root/include" src/main/c/*.c "$archive" \
    $(cat "$root/packaging/native-static-libs") -Wl,--gc-sections -Wl,--exclude-libs,ALL \
    -o "$INTO/classes/native/$platform/libanchor_events.so"

jar=$INTO/anchor-events-$version.jar
jar --create --file "$jar" -C "$INTO/classes" .
jar --describe-module --file "$jar" | grep -q '^io.github.libanchor.events '
cp "$root/LICENSE-MIT" "$root/LICENSE-APACHE" "$INTO"
jar --update --file "$jar" -C "$INTO" LICENSE-MIT -C "$INTO" LICENSE-APACHE

# The tests see the jar alone.
junit=$(find "$jars" -name 'junit-jupiter*.jar' -o -name 'junit-platform-*.jar' -o -name 'opentest4j.jar' -o -name 'apiguardian-api.jar' \
    -o -name 'picocli.jar' | grep -v standalone | tr '\n' ':')
find src/test/java -name '*.java' >"$INTO/test-sources"
javac --release 17 -Xlint:all,-classfile,-path -Werror -d "$INTO/tests" -classpath "$jar:$junit" "@$INTO/test-sources"
ANCHOR_CDEF=$root/include/anchor.cdef ANCHOR_TEST_README=$PWD/README.md python3 "$root/bindings/servers.py" \
    java -Xcheck:jni -Xms256m -Xmx256m -XX:+AlwaysPreTouch -Djava.io.tmpdir="$INTO/temporary" -classpath "$jar:$INTO/tests:$junit" \
    org.junit.platform.console.ConsoleLauncher --disable-banner --fail-if-no-tests --details tree --disable-ansi-colors \
    --scan-classpath "$INTO/tests" --reports-dir "$INTO/reports"
