#!/bin/sh
# In an empty root, where libanchor was installed: compiles mfa.c, links it with both libraries, and runs it against the command's
# server. run.sh copies it there.
set -eu

cd /try
# The flags are words of their own.
# shellcheck disable=SC2046
{
    cc mfa.c -o shared $(pkg-config --cflags --libs anchor) -lpthread
    cc mfa.c -o static $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/)
} 2>&1 | tee compiler
[ ! -s compiler ]
mkfifo out
anchor-events serve --port 0 --log off >out &
exec 3<out
read -r url <&3
for program in shared static; do
    ANCHORBROWSER_BASE_URL=$url ANCHORBROWSER_API_KEY=demo ./$program 123456 >said
    grep -q 'received.*123456' said
done
# The static one needs no library.
if grep -q 'libanchor\.so' static; then exit 1; fi
grep -q 'libanchor\.so\.0' shared
