#!/bin/sh
# Builds libanchor for a target, inspects it, and runs what the target can run: `make cross TARGET=`.
#
#     run.sh TARGET [STEP...]
#
#     inspect     the shared library and the archive: names, exports, what they need
#     programs    the programs of tests/c, tests/cpp and examples-c, linked statically and dynamically
#     exactness   how late deadlines and cancels are
#     unit        the tests in src/
#     command     the tests in cli/src; for Windows, tests of cli/tests too, which drive anchor-events.exe from this machine
#     behaviour faults      the test programs of these names
#
# All steps by default. What tests/skipped.md lists for the target is not run, and named. What came out is in
# target/cross/results/TARGET.json; of a step that is not run this time, what came out last time.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/target.sh

[ $# -gt 0 ] || fail "which target? $(echo $targets)"
target "$1"
shift
steps=${*:-inspect programs exactness unit command behaviour faults}
out=$PWD/target/cross
log=$out/log/$triple
result=$out/results/$triple.json
library=$out/library/$triple
failed=
mkdir -p "$log" "$out/results"

# The library as cargo makes it, static and shared. Rust does not make the shared one while it links musl statically.
build() {
    rm -rf "$library"
    mkdir -p "$library"
    case $triple in
    *-musl)
        build_as "$triple" staticlib libanchor.a && build_as "$triple-dynamic" cdylib libanchor.so
        ;;
    *-apple-*) build_as "$triple" cdylib,staticlib libanchor.a libanchor.dylib ;;
    *-windows-*) build_as "$triple" cdylib,staticlib libanchor.a anchor.dll libanchor.dll.a ;;
    *) build_as "$triple" cdylib,staticlib libanchor.a libanchor.so ;;
    esac
}

build_as() { # the target, with or without -dynamic; the crate types; what they make
    sh packaging/cross/cargo.sh "$1" rustc --package anchor-events --lib --crate-type "$2" || return
    made=$(target "$1" && build_folder)/$triple/debug
    shift 2
    for file in "$@"; do
        cp "$made/$file" "$library/" || return
    done
}

# The tests run on this machine, by its own cargo; the programs they build run on the target.
on_target() {
    (
        export_target
        export ANCHOR_TEST_TARGET="$triple" ANCHOR_TEST_EXACTNESS="$log/exactness.json"
        # Tests of this machine itself build the library on their own, for valgrind as it is shipped.
        [ -z "$std" ] || export ANCHOR_TEST_LIBRARY="$library"
        cargo test --test c -- "$@"
    )
}

# The tests themselves run on the target.
rust_tests() { # the folder of the tests, and what cargo test gets
    skip=
    for name in $(skips "$1"); do
        skip="$skip --skip $name"
    done
    shift
    sh packaging/cross/cargo.sh "$triple" test "$@" -- $skip
}

# wine's own processes start with its first program, and hold the stdout and stderr of that one as long as any program runs. Who
# reads its output to the end would wait for all the others. So this program is the first, and stays until the steps have ended.
keep_wine() {
    "$runner" cmd.exe /c exit </dev/null >/dev/null 2>&1
    mkfifo "$log/wine"
    "$runner" cmd.exe /c more <"$log/wine" >/dev/null 2>&1 &
    exec 8>"$log/wine"
    rm "$log/wine"
}

# A program under wine cannot call cargo to build the server.
server_for_wine() {
    sh packaging/cross/cargo.sh "$triple" build --package anchor-events-cli || return
    export ANCHOR_TEST_SERVER="Z:$(build_folder)/$triple/debug/anchor-events.exe"
}

# The names that tests/skipped.md lists for this target in a folder. stderr has the reasons.
skips() {
    skipped "$1" | sed "s|^|skipped: $1: |" >&2
    skipped "$1" | sed 's/: .*//'
}

# Those rows of tests/skipped.md, as `name: reason`, or as the reason alone where the row is about the whole folder. The name is
# that of a test or of a file, which is not compiled for the system.
skipped() {
    awk -F ' *[|] *' -v folder="$1" -v triple="$triple" -v runner="$runner" '
        function is(word, i) {
            if (word == "any") return triple != "x86_64-unknown-linux-gnu"
            if (word == "macos") return triple ~ /-apple-/
            if (word == "qemu" || word == "wine") return index(runner, word) > 0
            for (i = split(triple, parts, "-"); i > 0; i--) if (index(parts[i], word) == 1) return 1
            return 0
        }
        NF >= 4 && match($3, "^`" folder "(: |/|`)") {
            name = substr($3, RLENGTH + 1)
            sub("`$", "", name)
            for (i = split($2, words, " "); i > 0; i--) if (!is(words[i])) next
            print (name == "" ? "" : name ": ") $4
        }
    ' tests/skipped.md
}

# Of a step whose whole folder is listed: why it is not run.
reason() {
    case $1 in
    behaviour | faults) skipped "tests/$1" | grep -v '^[a-z_:0-9.]*: ' ;;
    *) false ;;
    esac
}

step() { # its name and its command; adds a line to the result
    began=$(date +%s)
    outcome=passed
    "step_$1" >"$log/$1.log" 2>&1 8>&- || outcome=failed
    [ $outcome = passed ] || failed="$failed $1"
    tests=$(sed -n 's/^test result: .* \([0-9]*\) passed;.*/\1/p' "$log/$1.log" | awk '{ sum += $1 } END { print sum + 0 }')
    seconds=$(($(date +%s) - began))
    printf '%s %s: %s, %s tests, %s s\n' "$triple" "$1" "$outcome" "$tests" "$seconds"
    [ $outcome = passed ] || tail -n 40 "$log/$1.log"
    note "$1" "$outcome" "$tests"
}

note() { # a step, its outcome and how many tests passed
    printf '    {"step": "%s", "outcome": "%s", "tests": %s, "commit": %s}\n' "$1" "$2" "$3" "$commit" >"$log/$1.step"
}

step_build() { build; }
step_inspect() { sh packaging/cross/inspect.sh "$triple" "$library"; }
step_programs() { on_target suite:: windows::; }
step_exactness() { on_target exactness::; }
step_unit() { rust_tests src --package anchor-events --lib; }
step_behaviour() {
    case $triple in
    *-windows-*) server_for_wine || return ;;
    esac
    rust_tests tests/behaviour --package anchor-events --test behaviour
}
step_faults() { rust_tests tests/faults --package anchor-events --test faults; }
step_command() {
    rust_tests cli/src --package anchor-events-cli --bin anchor-events || return
    case $triple in
    *-windows-*) sh packaging/cross/windows-command.sh $(skips cli/tests) ;;
    esac
}

# What runs the programs, in words.
by() {
    case $runner in
    '') echo "this machine" ;;
    no) echo nothing ;;
    qemu*) "${runner%% *}" --version | sed -n 's/^\(qemu-[a-z0-9_]*\) version \([0-9.]*\).*/\1 \2/p' ;;
    *) /usr/lib/wine/wine64 --version | tr - ' ' ;;
    esac
}

text() { # a text of JSON
    printf '"%s"' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

write_result() {
    {
        printf '{\n  "target": %s,\n' "$(text "$triple")"
        printf '  "rust": %s,\n' "$(text "$("$rust/bin/rustc" --version | cut -d ' ' -f 2)")"
        printf '  "compiler": %s,\n' "$(text "$(basename "$cc")")"
        printf '  "run_by": %s,\n' "$(text "$(by)")"
        printf '  "steps": [\n'
        cat "$log"/*.step | sed '$!s/$/,/'
        printf '  ],\n  "skipped": ['
        comma='\n    '
        sed -n 's/^skipped: //p' "$log"/*.log | sort -u | while IFS= read -r line; do
            printf "$comma%s" "$(text "$line")"
            comma=',\n    '
        done
        printf '],\n  "exactness": '
        if [ -e "$log/exactness.json" ]; then tr -d '\n' <"$log/exactness.json"; else printf null; fi
        printf '\n}\n'
    } >"$result"
}

commit=$(text "$(git describe --always --abbrev=10 --dirty)")
sh packaging/cross/prepare.sh "$triple"
case $runner in */wine) keep_wine ;; esac
step build
if [ -z "$failed" ]; then
    for step in $steps; do
        case $runner,$step in
        no,inspect) step inspect ;;
        no,*) echo "$triple $step: not run, because nothing here runs its programs" ;;
        *)
            if why=$(reason "$step"); then
                echo "skipped: tests/$step: $why" >"$log/$step.log"
                note "$step" skipped 0
                echo "$triple $step: not run: $why"
            else
                step "$step"
            fi
            ;;
        esac
    done
fi
write_result
# Gigabytes, which nothing needs any more.
rm -rf "target/tmp/programs/$triple"
[ -z "$failed" ] || fail "$triple:$failed failed; see $log"
