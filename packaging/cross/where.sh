# To be sourced, in the repository's root: where the cross-compilers are kept.

fail() {
    echo "$(basename "$0" .sh): $*" >&2
    exit 1
}

cross=${ANCHOR_CROSS:-$PWD/target/cross}
mkdir -p "$cross"
cross=$(cd "$cross" && pwd)

