# To be sourced: builds, and finds what was built. Where cargo puts it depends on variables and settings (CARGO_TARGET_DIR,
# CARGO_BUILD_TARGET, build.target-dir and more), so cargo's own messages are read.

fail() {
    echo "$(basename "$0" .sh): $*" >&2
    exit 1
}

# Runs cargo, and keeps its messages. $cargo may be a command that works as cargo does, and $cargo_options are added.
cargo=cargo
cargo_options=""
cargo_setting=""
build() {
    # The options are words of their own.
    # shellcheck disable=SC2086
    messages=$($cargo "$@" $cargo_options ${cargo_setting:+--config "$cargo_setting"} \
        --message-format=json-render-diagnostics) || fail "cargo $1 failed"
}

# What is built from now on has no path of the builder in it. RUSTFLAGS, which packagers set, replaces the flags of settings.
hide_paths() {
    if [ -n "${CARGO_ENCODED_RUSTFLAGS+set}" ]; then
        fail "CARGO_ENCODED_RUSTFLAGS is set; use RUSTFLAGS, to which flags can be added"
    elif [ -n "${RUSTFLAGS:-}" ]; then
        flags=$(sh packaging/paths.sh) || exit
        # A path may have a space in it, at which cargo would split RUSTFLAGS.
        # shellcheck disable=SC2086
        CARGO_ENCODED_RUSTFLAGS=$(printf '%s\n' $RUSTFLAGS "$flags" | paste -sd "$(printf '\037')" -)
        export CARGO_ENCODED_RUSTFLAGS
    else
        cargo_setting=$(sh packaging/paths.sh --config) || exit
    fi
}

made() { # the name of a file that the last `build` made: prints its path
    found=$(printf '%s\n' "$messages" | sed -n "s|.*\"\([^\"]*/$1\)\".*|\1|p" | tail -n 1)
    [ -n "$found" ] || fail "cargo did not say where $1 is"
    printf '%s\n' "$found"
}

version() {
    sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1
}

# When the sources were last changed, in seconds: what is made of them has that time, whenever it is made. In a source tarball
# each file has it.
source_date() {
    if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
        echo "$SOURCE_DATE_EPOCH"
    elif [ -e .git ]; then
        git log -1 --format=%ct
    else
        stat -c %Y Cargo.toml
    fi
}

# A folder within another as a tar archive, the same to the byte for the same files. Its files have the time SOURCE_DATE_EPOCH.
pack() {
    tar --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mode=a+rX,u+w,go-w --mtime="@$SOURCE_DATE_EPOCH" \
        -C "$1" -c "$2"
}

# Fails if a file below a folder has a path of the builder in it. $cross is the folder of the cross-compilers. The names of
# sources within a crate, and of Rust's standard library, have /src/ in them, so that such a path counts only as the start of one.
has_no_path() {
    {
        sh packaging/paths.sh | sed "s|^--remap-path-prefix=||; s|=[^=]*$||"
        [ -z "${cross:-}" ] || echo "$cross"
    } | while read -r path; do
        case $path in
        /*/*) found=$(grep -rlF "$path/" "$1") || continue ;;
        *) found=$(grep -rlaE "(^|[^A-Za-z0-9_.-])$path/" "$1") || continue ;;
        esac
        fail "$path is in" $found
    done
}

target_directory() {
    metadata=$(cargo metadata --no-deps --format-version 1 2>/dev/null) || metadata=
    found=$(printf '%s\n' "$metadata" | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
    # With sudo there may be no cargo.
    printf '%s\n' "${found:-${CARGO_TARGET_DIR:-target}}"
}
