# To be sourced after where.sh: apt with lists, a cache and a state of its own, which fetches what is not installed, for other
# architectures too, needs no root and leaves the machine as it is.
#
#     update_lists ARCHITECTURES       amd64,arm64
#     download FOLDER PACKAGE...       unpacks them into the folder
#     download_all FOLDER PACKAGE...   with what they depend on and this machine does not have

apt=$cross/apt

own_apt() {
    tool=$1
    shift
    "$tool" -qq -o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
        -o Dir::Etc::sourcelist="$(debian_list)" -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User="$(id -un)" \
        -o APT::Architectures="$architectures" -o Acquire::Retries=3 "$@" >&2
}

# Debian from where this machine has it.
debian_list() {
    for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        [ ! -s "$list" ] || { echo "$list"; return; }
    done
}

# In its state no Rust is installed, so that all of it is fetched. A list that a mirror does not have right now may not be
# needed; if it is, the next step says so.
update_lists() {
    architectures=$1
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    awk 'BEGIN { RS = ""; ORS = "\n\n" } !/^Package: (rustc|cargo|libstd-rust|rust-)/' /var/lib/dpkg/status >"$apt/status"
    own_apt apt-get update || true
}

download() {
    into=$1
    shift
    rm -rf "$apt/download"
    mkdir -p "$apt/download"
    (cd "$apt/download" && own_apt apt-get download "$@")
    unpack "$into" "$apt/download"/*.deb
}

download_all() {
    into=$1
    shift
    rm -f "$apt/cache/archives"/*.deb
    own_apt apt-get install --download-only --yes --no-install-recommends "$@"
    unpack "$into" "$apt/cache/archives"/*.deb
}

unpack() {
    into=$1
    shift
    mkdir -p "$into"
    for package in "$@"; do
        dpkg -x "$package" "$into"
        rm "$package"
    done
}
