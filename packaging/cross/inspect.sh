#!/bin/sh
# Reads what was built, for any system: the shared library exports the header's functions and nothing else, has the name that
# programs will ask for, needs no library that a machine may lack, and no newer system than the page of platforms says. The archive
# defines the same functions.
#
#     inspect.sh TARGET FOLDER
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh

triple=$1
folder=$2
work=$folder/inspected
mkdir -p "$work"

# How a library is called, what it may need, which version of the system is the least, and how the library is asked.
least=
case $triple in
*-windows-*)
    file=anchor.dll name=anchor.dll
    may_need='ADVAPI32|bcrypt|bcryptprimitives|CRYPT32|KERNEL32|msvcrt|ncrypt|ntdll|SECUR32|USERENV|WS2_32|api-ms-win-[a-z0-9-]*'
    may_need="($may_need)\\.dll"
    exports() { llvm-readobj --coff-exports "$1" | sed -n 's/^ *Name: \(..*\)/\1/p'; }
    named() { llvm-objdump --private-headers "$1" | sed -n 's/^ *DLL name: *//p' | head -n 1; }
    needs() { llvm-readobj --coff-imports "$1" | sed -n '/^Import/,/^}/s/^  Name: *//p'; }
    # Of the file, and of its exports.
    times_in() {
        llvm-readobj --file-headers "$1" | sed -n 's/^ *TimeDateStamp: .*(0x\(.*\))/\1/p'
        x86_64-w64-mingw32-objdump -p "$1" | sed -n 's/^Time\/Date stamp[[:space:]]*0*\(.\)/\1/p'
    }
    ;;
*-apple-*)
    file=libanchor.dylib name=@rpath/libanchor.0.dylib least=11.0
    may_need='/usr/lib/lib(System\.B|iconv\.2)\.dylib|/System/Library/Frameworks/(Security|CoreFoundation)\.framework/.*'
    exports() { llvm-nm --extern-only --defined-only "$1" | sed -n 's/.* [TDSB] _//p'; }
    named() { llvm-objdump --macho --dylib-id "$1" | tail -n 1; }
    needs() { llvm-objdump --macho --dylibs-used "$1" | sed -n 's/^\t\([^ ]*\) (.*/\1/p' | grep -v '/libanchor\.0\.dylib$'; }
    runs_on() { llvm-objdump --macho --private-headers "$1" | awk '$1 == "minos" { print $2 }'; }
    ;;
*)
    file=libanchor.so name=libanchor.so.0
    may_need='lib(c|m|gcc_s|dl|pthread|rt|util|thr|execinfo)\.so(\.[0-9]+)?|ld-(linux|musl).*\.so(\.[0-9]+)?|ld(64)?\.so\.[0-9]'
    exports() { llvm-readelf --dyn-syms --wide "$1" | awk '$7 != "UND" && $5 != "LOCAL" && NF > 7 && $1 ~ /^[0-9]+:$/ { sub("@.*", "", $8); print $8 }'; }
    named() { llvm-readelf --dynamic "$1" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'; }
    needs() { llvm-readelf --dynamic "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'; }
    ;;
esac

# FreeBSD 13 has the functions of this version, and 12 does not.
case $triple in
*-freebsd)
    least=FBSD_1.6
    runs_on() { llvm-readelf --version-info "$1" | grep -o 'FBSD_1\.[0-9]*' | sort -uV | tail -n 1; }
    ;;
esac

# Rust exports what a crate inside names for C. On processors for which ring has no assembly, that is one function of ring's own.
case $triple in
s390x-* | riscv64*) also=ring_core_[0-9_]*__bn_mul_mont ;;
*) also= ;;
esac

sed -n 's/^[A-Za-z].*[ *]\(anchor_[a-z_]*\)(.*/\1/p' include/anchor.h | sort -u >"$work/header"

same() { # as what the header declares
    diff "$work/header" "$1" || fail "$2 does not have the header's functions, each once and no other"
}

shared_library() {
    exports "$1" | grep -v "^$also\$" | sort -u >"$work/exports"
    same "$work/exports" "$1"
    [ "$(named "$1")" = "$name" ] || fail "$1 calls itself $(named "$1"), not $name"
    needs "$1" | sort -u >"$work/needs"
    if grep -vixE "$may_need" "$work/needs"; then fail "$1 needs these, which a machine may lack"; fi
    case $triple in
    *-windows-*) [ "$(echo $(times_in "$1"))" = "0 0" ] || fail "$1 has the time of its build: $(echo $(times_in "$1"))" ;;
    esac
    [ -z "$least" ] || [ "$(runs_on "$1")" = "$least" ] || fail "$1 needs $(runs_on "$1") of the system, not $least"
    echo "$1: $(wc -c <"$1") bytes; it needs" $(cat "$work/needs")
}

archive() {
    llvm-nm --extern-only --defined-only "$1" 2>/dev/null | sed -n 's/.* T _\{0,1\}\(anchor_[a-z_]*\)$/\1/p' | sort -u >"$work/defined"
    same "$work/defined" "$1"
    echo "$1: $(wc -c <"$1") bytes"
}

[ ! -e "$folder/$file" ] || shared_library "$folder/$file"
archive "$folder/libanchor.a"
