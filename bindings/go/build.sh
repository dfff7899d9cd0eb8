#!/bin/sh
# Packs the static library as the release has it for Go, downloads the module into an empty module cache by Go's own installer,
# and runs formatter, linter and tests there: with the race detector and the static library, then with the shared one.
# bindings/build.sh calls it, with ANCHOR_LIBRARY and INTO, a folder of its own.
set -eu

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
module=github.com/libanchor/libanchor/bindings/go
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
grep -q "^const Version = \"$version\"" client.go || {
    echo "bindings/go/client.go is not of version $version" >&2
    exit 1
}
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || {
    echo "gofmt would change $unformatted" >&2
    exit 1
}

# A folder as pkg-config takes it, wherever it is put.
library_folder() { # folder, library
    mkdir -p "$1/include" "$1/lib/pkgconfig"
    cp "$root/include/anchor.h" "$1/include"
    cp "$2" "$1/lib"
    sed -e "s|@PC_PREFIX@|\${pcfiledir}/../..|" -e "s|@PC_LIBDIR@|\${prefix}/lib|" -e "s|@PC_INCLUDEDIR@|\${prefix}/include|" \
        -e "s|@VERSION@|$version|" -e "s|@URL@|https://github.com/libanchor/libanchor|" -e "/^Libs.private:/d" \
        -e "s|^Libs: .*|Libs: $3|" "$root/packaging/anchor.pc.in" >"$1/lib/pkgconfig/anchor.pc"
}

# The module cache is written without the right to write.
[ ! -d "$INTO" ] || chmod -R u+w "$INTO"
rm -rf "$INTO/libanchor-go" "$INTO/shared" "$INTO/proxy" "$INTO/modules" "$INTO/empty"
library_folder "$INTO/libanchor-go" "${ANCHOR_LIBRARY%.so}.a" "\${libdir}/libanchor.a $(cat "$root/packaging/native-static-libs")"
cp "$root"/LICENSE-* "$INTO/libanchor-go"
tar -C "$INTO" --sort=name --owner=0 --group=0 --numeric-owner -czf "$INTO/libanchor-go-$version-$(go env GOOS)-$(go env GOARCH).tar.gz" libanchor-go
library_folder "$INTO/shared" "$ANCHOR_LIBRARY" "-L\${libdir} -lanchor"
ln -s libanchor.so "$INTO/shared/lib/libanchor.so.0"

# A module proxy that is a folder: it has what a tag bindings/go/vVERSION of the repository makes.
proxy=$INTO/proxy/$module/@v
mkdir -p "$proxy" "$INTO/empty"
cp go.mod "$proxy/v$version.mod"
echo "{\"Version\":\"v$version\"}" >"$proxy/v$version.info"
echo "v$version" >"$proxy/list"
python3 - "$proxy/v$version.zip" "$module@v$version" <<'PYTHON'
import sys, zipfile
from pathlib import Path

archive, prefix = sys.argv[1:]
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
    for path in sorted(it for it in Path().iterdir() if it.suffix in (".go", ".mod", ".md")):
        file.write(path, f"{prefix}/{path.name}")
    for licence in ("LICENSE-MIT", "LICENSE-APACHE"):
        file.write(f"../../{licence}", f"{prefix}/{licence}")
PYTHON

export GOPROXY="file://$INTO/proxy" GOSUMDB=off GOFLAGS=-mod=mod GOMODCACHE="$INTO/modules" GOCACHE="$INTO/cache" GOTOOLCHAIN=local
export ANCHOR_CDEF="$root/include/anchor.cdef"
cd "$INTO/empty"
go mod init empty 2>/dev/null
PKG_CONFIG_PATH=$INTO/libanchor-go/lib/pkgconfig
export PKG_CONFIG_PATH
go get "$module@v$version"
go vet "$module"
python3 "$root/bindings/servers.py" go test -race -count=1 "$module"
PKG_CONFIG_PATH=$INTO/shared/lib/pkgconfig
export LD_LIBRARY_PATH="$INTO/shared/lib"
python3 "$root/bindings/servers.py" go test -count=1 "$module"
