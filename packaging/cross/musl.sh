#!/bin/sh
# The loader of musl for another architecture, where qemu looks for it. It prints the folder.
#
#     musl.sh ARCHITECTURE-OF-DEBIAN ARCHITECTURE
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/apt.sh

folder=$cross/musl-$2
if [ ! -e "$folder" ]; then
    rm -rf "$folder.unfinished"
    update_lists "amd64,$1"
    download "$folder.unfinished" "musl:$1"
    mv "$folder.unfinished" "$folder"
fi
echo "$folder"
