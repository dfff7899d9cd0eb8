# To be sourced, in the repository's root, after where.sh: what a target's programs are made with, and what runs them.
# `target NAME` sets
#
#     triple       the target's name in Rust
#     rust         the folder of the Rust that has its standard library
#     cc ar nm     its C compiler, which is its linker too, and the tools for archives and symbols
#     runner       what runs its programs; nothing if this machine does
#     flags        for rustc
#
# A target's name is that of Rust. One that ends in -dynamic links musl dynamically.

targets="x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf i686-unknown-linux-gnu
    riscv64gc-unknown-linux-gnu s390x-unknown-linux-gnu
    x86_64-unknown-linux-musl x86_64-unknown-linux-musl-dynamic aarch64-unknown-linux-musl aarch64-unknown-linux-musl-dynamic
    x86_64-pc-windows-gnu aarch64-apple-darwin x86_64-apple-darwin x86_64-unknown-freebsd"

target() {
    name=$1 triple=${1%-dynamic}
    rust=$cross/rust-1.96 runner= flags= packages=
    case $1 in
    x86_64-unknown-linux-gnu) with_gcc x86_64 amd64 ;;
    aarch64-unknown-linux-gnu) with_gcc aarch64 arm64 ;;
    armv7-unknown-linux-gnueabihf) with_gcc arm armhf ;;
    i686-unknown-linux-gnu) with_gcc i686 i386 ;;
    riscv64gc-unknown-linux-gnu) with_gcc riscv64 riscv64 ;;
    s390x-unknown-linux-gnu) with_gcc s390x s390x ;;
    *-linux-musl) with_zig "${triple%%-*}-linux-musl" ;;
    *-linux-musl-dynamic)
        flags=-Ctarget-feature=-crt-static
        with_zig "${triple%%-*}-linux-musl"
        ;;
    x86_64-pc-windows-gnu) with_mingw ;;
    *-apple-darwin) with_zig "${triple%%-*}-macos" ;;
    x86_64-unknown-freebsd) with_zig x86_64-freebsd ;;
    *) fail "$1 is not a target: $(echo $targets)" ;;
    esac
}

# Debian's cross-compilers.
with_gcc() { # the machine, the architecture in Debian
    case $triple in
    *-gnueabihf) prefix=$1-linux-gnueabihf ;;
    *) prefix=$1-linux-gnu ;;
    esac
    cc=$prefix-gcc ar=$prefix-ar nm=$prefix-nm
    case $2 in
    amd64) ;;
    i386) packages="libc6-i386 lib32gcc-s1" ;;
    *) runner="qemu-$1-static -L /usr/$prefix" packages="qemu-user-static libc6-$2-cross" ;;
    esac
    case $2 in
    arm64 | armhf | i386 | s390x) rust=$cross/rust-1.85 ;;
    esac
    packages="$packages gcc-$(echo "$prefix" | tr _ -)"
}

with_mingw() {
    cc=x86_64-w64-mingw32-gcc ar=x86_64-w64-mingw32-ar nm=x86_64-w64-mingw32-nm
    runner=$(command_file wine sh "$PWD/packaging/cross/wine.sh")
    packages="gcc-mingw-w64-x86-64 wine64"
}

# Zig has the headers and the libraries of many systems.
with_zig() {
    cc=$(command_file "$1-cc" sh "$PWD/packaging/cross/zigcc.sh" "$1")
    ar=$(command_file zig-ar "$cross/venv/bin/python" -m ziglang ar)
    nm=nm
}

# A command of several words, as a file: cargo and others want one word.
command_file() {
    file=$cross/bin/$1
    shift
    mkdir -p "$cross/bin"
    {
        printf '#!/bin/sh\nexport ANCHOR_CROSS="%s"\nexec' "$cross"
        printf ' "%s"' "$@"
        printf ' "$@"\n'
    } >"$file.$$"
    chmod +x "$file.$$"
    mv "$file.$$" "$file"
    echo "$file"
}
