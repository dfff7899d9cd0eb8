#!/bin/sh
# Builds the package with the library inside, installs it by nuget into an empty folder, and runs formatter, compiler and tests.
# bindings/build.sh calls it, with ANCHOR_LIBRARY and INTO, a folder of its own. It needs Debian's mono-mcs, mono-runtime,
# libmono-cil-dev, nuget, nunit-console, libnunit-cil-dev, clang-format and libxml2-utils.
set -eu

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
mcs="mcs -langversion:7.2 -warn:4 -warnaserror"

rm -rf "$INTO"
package=$INTO/package
mkdir -p "$package/lib/netstandard2.0" "$package/runtimes/linux-x64/native" "$INTO/home" "$INTO/tests" "$INTO/other"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
[ "$(xmllint --xpath 'string(//*[local-name()="version"])' AnchorEvents.nuspec)" = "$version" ] \
    && grep -q "AssemblyVersion(\"$version.0\")" src/AssemblyInfo.cs || {
    echo "bindings/csharp/AnchorEvents.nuspec or src/AssemblyInfo.cs is not of version $version" >&2
    exit 1
}
clang-format --dry-run --Werror src/*.cs tests/*.cs

# The compiler warns about what is public and has no documentation.
$mcs -target:library -doc:"$package/lib/netstandard2.0/AnchorEvents.xml" -r:System.Numerics.dll \
    -out:"$package/lib/netstandard2.0/AnchorEvents.dll" src/*.cs
cp "$ANCHOR_LIBRARY" "$package/runtimes/linux-x64/native"
cp AnchorEvents.nuspec README.md "$root/LICENSE-MIT" "$root/LICENSE-APACHE" "$package"
python3 nupkg.py "$package" "$INTO/AnchorEvents.$version.nupkg"

# Its cache would have a package of the same version that was built before.
HOME=$INTO/home nuget install AnchorEvents -Version "$version" -Source "$INTO" -OutputDirectory "$INTO/empty" \
    -NonInteractive -Verbosity quiet
installed=$INTO/empty/AnchorEvents.$version
cp "$installed/lib/netstandard2.0/AnchorEvents.dll" "$installed/runtimes/linux-x64/native/libanchor.so" "$INTO/tests"

cd tests
$mcs -target:exe -lib:"$INTO/tests" -r:AnchorEvents.dll -out:"$INTO/tests/Program.exe" Program.cs
# shellcheck disable=SC2046
$mcs -target:library -lib:"$INTO/tests" -r:AnchorEvents.dll,System.Numerics.dll,System.Xml.Linq.dll,System.IO.Compression.dll \
    -r:System.IO.Compression.FileSystem.dll -pkg:nunit -out:"$INTO/tests/AnchorEvents.Tests.dll" $(ls ./*.cs | grep -v Program.cs)

# A library of another version, which must be refused.
cp "$INTO/tests/Program.exe" "$INTO/tests/AnchorEvents.dll" "$INTO/other"
echo 'const char *anchor_version(void); const char *anchor_version(void) { return "9.9.9"; }' \
    | ${CC:-cc} -shared -fPIC -x c - -o "$INTO/other/libanchor.so"

cd "$INTO/tests"
ANCHOR_CDEF=$root/include/anchor.cdef ANCHOR_TEST_NUPKG=$INTO/AnchorEvents.$version.nupkg ANCHOR_TEST_OTHER=$INTO/other \
    python3 "$root/bindings/servers.py" \
    nunit-console AnchorEvents.Tests.dll -nologo -noshadow -process=Single -domain=None -labels -xml="$INTO/report.xml"
