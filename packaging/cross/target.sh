# To be sourced, in the repository's root, after where.sh: what a target's programs are made with, and what runs them.
# `target NAME` sets
#
#     triple       the target's name in Rust
#     rust         the folder of the Rust that has its standard library
#     std          where that library is from: an architecture of Debian's packages, or built; nothing if Rust brings it
#     cc cxx ar    its compilers of C and C++, and its archiver
#     linker       which is the C compiler in most cases
#     binutils     the start of the names of its linker, strip and so on
#     runner       the command that runs its programs; nothing if this machine runs them itself, and no if nothing does
#     packages     of Debian, which have what is named above
#     flags        for rustc
#
# A target's name is that of Rust. With -dynamic at its end, musl is linked dynamically.

targets="x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf i686-unknown-linux-gnu
    riscv64gc-unknown-linux-gnu s390x-unknown-linux-gnu x86_64-unknown-linux-musl aarch64-unknown-linux-musl
    x86_64-pc-windows-gnu aarch64-apple-darwin x86_64-apple-darwin x86_64-unknown-freebsd"

target() {
    name=$1 triple=${1%-dynamic}
    arch=${triple%%-*}
    rust=$cross/rust-1.96 std=built runner= flags= packages= linker= binutils=
    case $1 in
    x86_64-unknown-linux-gnu) rust=$(rustc --print sysroot) std= && with_gcc amd64 "$arch" "$arch-linux-gnu" ;;
    aarch64-unknown-linux-gnu) with_gcc arm64 "$arch" "$arch-linux-gnu" ;;
    armv7-unknown-linux-gnueabihf) with_gcc armhf arm arm-linux-gnueabihf ;;
    i686-unknown-linux-gnu) with_gcc i386 i386 "$arch-linux-gnu" ;;
    riscv64gc-unknown-linux-gnu) with_gcc riscv64 riscv64 riscv64-linux-gnu ;;
    s390x-unknown-linux-gnu) with_gcc s390x "$arch" "$arch-linux-gnu" ;;
    *-linux-musl) flags=-Clink-self-contained=no && with_musl ;;
    *-linux-musl-dynamic) flags=-Ctarget-feature=-crt-static && with_musl ;;
    x86_64-pc-windows-gnu) with_mingw ;;
    *-apple-darwin) runner=no && with_zig "$arch-macos" && with_apples_linker ;;
    x86_64-unknown-freebsd) runner=no && with_zig x86_64-freebsd ;;
    *) fail "$1 is not a target: $(echo $targets)" ;;
    esac
    case $cc in */bin/*) packages="$packages python3-venv" ;; esac
    packages="$packages llvm"
    linker=${linker:-$cc}
}

# Debian's cross-compilers. This machine runs 32-bit programs itself.
with_gcc() { # the architecture in Debian, in qemu, and the compiler's prefix
    cc=$3-gcc cxx=$3-g++ ar=$3-ar binutils=$3-
    packages="g++-$(echo "$3" | tr _ -)"
    case $1 in
    amd64) packages=g++ ;;
    i386) packages="$packages libc6-i386 lib32gcc-s1 lib32stdc++6" ;;
    *) runner="qemu-$2-static -L /usr/$3" packages="$packages qemu-user-static libc6-$1-cross" ;;
    esac
    case $1 in
    arm64 | armhf | i386 | s390x) rust=$cross/rust-1.85 std=$1 ;;
    esac
}

# A program that is linked dynamically looks for the loader in /lib; qemu, in a folder of ours first.
with_musl() {
    with_zig "$arch-linux-musl"
    binutils=$arch-linux-gnu-
    case $arch in
    x86_64) packages="musl binutils" ;;
    *) runner="qemu-$arch-static -L $cross/musl-$arch" packages="qemu-user-static binutils-$arch-linux-gnu" ;;
    esac
}

with_mingw() {
    # With POSIX threads, without which mingw has no std::thread.
    cc=x86_64-w64-mingw32-gcc-posix cxx=x86_64-w64-mingw32-g++-posix ar=x86_64-w64-mingw32-ar
    binutils=x86_64-w64-mingw32-
    runner=$(command_file wine sh "$PWD/packaging/cross/wine.sh")
    packages="g++-mingw-w64-x86-64 wine64"
}

# Zig has the headers and the libraries of many systems.
with_zig() {
    cc=$(command_file "$1-cc" sh "$PWD/packaging/cross/zigcc.sh" cc "$1")
    cxx=$(command_file "$1-c++" sh "$PWD/packaging/cross/zigcc.sh" c++ "$1")
    ar=$(command_file zig-ar "$cross/venv/bin/python" -m ziglang ar)
}

# Zig's linker exports everything; LLVM's exports what it is told to.
with_apples_linker() {
    linker=$(command_file "$arch-macos-clang" clang "--target=$arch-apple-macos11" -fuse-ld=lld -isysroot "$cross/macos")
    packages="clang lld"
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

# The variables that cargo, cc-rs and the tests know.
export_target() {
    lower=$(echo "$triple" | tr - _)
    upper=$(echo "$lower" | tr a-z A-Z)
    export ANCHOR_CROSS="$cross" "CC_$lower=$cc" "CXX_$lower=$cxx" "AR_$lower=$ar" "CARGO_TARGET_${upper}_LINKER=$linker"
    # Rust strips what it makes for Apple by a tool that Debian does not have.
    case $triple in *-apple-*) export CARGO_PROFILE_DEV_STRIP=none CARGO_PROFILE_RELEASE_STRIP=none ;; esac
    case $runner in
    '' | no) ;;
    *) export "CARGO_TARGET_${upper}_RUNNER=$runner" ;;
    esac
    [ -z "$flags" ] || export "CARGO_TARGET_${upper}_RUSTFLAGS=$flags"
}

# Where cargo.sh builds.
build_folder() {
    case $name in
    "$triple") echo "$PWD/target/cross/build" ;;
    *) echo "$PWD/target/cross/build-dynamic" ;;
    esac
}
