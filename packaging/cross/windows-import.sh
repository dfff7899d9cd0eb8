#!/bin/sh
# The import library for Visual C++ of a DLL: FOLDER/anchor.lib, and FOLDER/anchor.def, from which it is made. (rustc makes the
# one for mingw, libanchor.dll.a.)
#
#     windows-import.sh DLL FOLDER
set -eu

dll=$1 folder=$2
mkdir -p "$folder"
{
    echo "LIBRARY $(basename "$dll")"
    echo EXPORTS
    x86_64-w64-mingw32-objdump -p "$dll" | sed -n '/Ordinal\/Name Pointer/,/^$/s/.* \(anchor_[a-z0-9_]*\)$/    \1/p'
} >"$folder/anchor.def"
llvm-dlltool -m i386:x86-64 -d "$folder/anchor.def" -l "$folder/anchor.lib"
