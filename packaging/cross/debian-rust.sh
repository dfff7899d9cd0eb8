#!/bin/sh
# Debian's Rust of a version, unpacked into a folder of its own: nothing is installed, so it may be another version than
# the machine's. Prints the folder whose bin/ has cargo and rustc; what is there already stays.
#
#     debian-rust.sh VERSION    such as 1.85: rustc-web of Debian 12, or rustc of Debian 13
#
#     ANCHOR_CROSS=target/cross   where the folder is made
#
# It needs apt-get with up-to-date lists, and gcc.
set -eu

wanted=${1:?a version, such as 1.85}
cd "$(dirname "$0")/../.."
cross=${ANCHOR_CROSS:-target/cross}
mkdir -p "$cross"
folder=$(cd "$cross" && pwd)/debian-rust-$wanted

fail() {
    echo "debian-rust: $1" >&2
    exit 1
}

# The packages of this version that the archive has, as apt-get takes them.
packages() {
    for ending in -web ''; do
        version=$(apt-cache madison "rustc$ending" | sed -n "s/^[^|]*| *\($wanted[.][^ ]*\) *|.*/\1/p" | head -n 1)
        [ -z "$version" ] || {
            echo "rustc$ending=$version cargo$ending=$version libstd-rust$ending-dev=$version"
            return
        }
    done
    fail "no package rustc-web or rustc of version $wanted is in apt's lists"
}

# Fetches them, and what they need that this machine does not have.
fetch() {
    wanted_packages=$(packages)
    mkdir -p "$1/partial"
    # They are words of their own.
    # shellcheck disable=SC2086
    apt-get install --quiet --quiet --yes --download-only --no-install-recommends --allow-downgrades --reinstall \
        -o Debug::NoLocking=1 -o "Dir::Cache::archives=$1" $wanted_packages >&2
}

# The compiler finds its own shared libraries by this variable, since it is not where Debian puts it.
make_command() { # a name
    cat >"$unfinished/bin/$1" <<COMMAND
#!/bin/sh
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
LD_LIBRARY_PATH="\$(echo "\$root"/usr/lib/*-linux-gnu*)\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "\$root/usr/bin/$1" "\$@"
COMMAND
    chmod +x "$unfinished/bin/$1"
}

[ -d "$folder" ] || {
    unfinished=$folder.unfinished
    rm -rf "$unfinished"
    fetch "$unfinished/packages"
    for package in "$unfinished"/packages/*.deb; do
        dpkg -x "$package" "$unfinished"
    done
    rm -rf "$unfinished/packages"
    # Some packages of Debian 12 still have /lib.
    [ ! -d "$unfinished/lib" ] || cp -R "$unfinished/lib/." "$unfinished/usr/lib"
    mkdir "$unfinished/bin"
    for name in rustc cargo rustdoc; do
        make_command $name
    done
    mv "$unfinished" "$folder"
}
"$folder/bin/rustc" --version >&2
echo "$folder"
