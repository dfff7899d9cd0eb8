"""Which crate the instructions of a warm wait belong to. callgrind counts them for each line of source, inlined lines
included; each file belongs to a crate, to Rust's standard library, or to the C library."""

import functools
import os
import re
import tempfile
from collections import Counter
from pathlib import Path

from bench.guard import peers
from bench.guard.counts import traced
from bench.guard.servers import EventServer

STANDARD, REST = "Rust's standard library", "the rest: the C library, and the program"
FOLDER = peers.BUILD / "lines"
# The owner of the first pattern that matches a file's path.
OWNERS = {
    r"/registry/src/[^/]+/(?P<crate>[\w-]+?)-\d": "`{crate}`",
    r"/rustc/\w+/|/rust/deps/": STANDARD,
    r"malloc\.c|arena\.c": "the C library: malloc and free",
    r"memmove|memset|memcmp|memchr|strlen": "the C library: copying and searching memory",
    rf"^(?:{re.escape(str(peers.ROOT))}/)?src/": "libanchor",
}


def instructions_by_owner(tls: bool, few: int = 50, many: int = 250) -> dict[str, int]:
    """For each wait, the largest first."""
    counts = []
    with EventServer(tls) as server:
        for count in (few, many):
            counts.append(owners(collected(server, count)))
    counts[1].subtract(counts[0])
    return {owner: round(count / (many - few)) for owner, count in counts[1].most_common()}


@functools.cache
def build() -> Path:
    """The folder of the library as it is shipped, but with the line of each instruction."""
    command = [*peers.LIBRARY, "--config", 'profile.release.debug="line-tables-only"']
    library = peers.built(command, "libanchor.so", env={**os.environ, "CARGO_TARGET_DIR": str(FOLDER)})
    soname = library.with_name("libanchor.so.0")
    soname.unlink(missing_ok=True)
    soname.symlink_to("libanchor.so")
    return library.parent


def collected(server: EventServer, count: int) -> str:
    """The profile that callgrind writes for so many waits."""
    with tempfile.NamedTemporaryFile() as file:
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file.name}", "--toggle-collect=peer_wait"]
        with_lines = ["env", f"LD_LIBRARY_PATH={build()}"]
        traced([*with_lines, *tool], peers.LIBANCHOR, server, count)
        return Path(file.name).read_text()


def owners(profile: str) -> Counter[str]:
    """Adds up the lines that hold a cost. The line after `calls=` is the cost of a called function, which is counted
    with that function. Code inlined from the standard library counts for the function that it was inlined into."""
    names: dict[str, str] = {}
    found: Counter[str] = Counter()
    function = whose = REST
    is_called = False
    for line in profile.splitlines():
        if position := re.match(r"(fl|fi|fe|cfi|cfl)=\((\d+)\)(?: (.*))?", line):
            kind, number, name = position.groups()
            file = owner(names.setdefault(number, name or ""))
            if kind == "fl":
                function = file
            if not kind.startswith("c"):
                whose = function if file == STANDARD else file
        elif line.startswith("calls="):
            is_called = True
        elif cost := re.match(r"[-+*\d]\S* (\d+)$", line):
            if not is_called:
                found[whose] += int(cost[1])
            is_called = False
    return found


def owner(file: str) -> str:
    for pattern, name in OWNERS.items():
        if found := re.search(pattern, file):
            return name.format(**found.groupdict())
    return REST
