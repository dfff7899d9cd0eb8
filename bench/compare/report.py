"""Results to read, all made from results/*.json: results/README.md with its table of targets, the charts, and docs/cost.md.

    python3 -m bench.compare.report [--check]

--check writes nothing: it fails where a committed file differs from what the results give, or where README.md or docs/install.md claims
what they do not show.
"""

import argparse
import sys

from bench.compare import charts, cost, many_report, readme, targets
from bench.compare.alternatives import LABELS
from bench.compare.charts import COMPILED, EVERYONE
from bench.compare.figures import RESULTS, kept, ratio
from bench.compare.svg import number
from bench.compare.tables import spread, table


def contents() -> dict[str, str]:
    """What each generated file holds, by its path from bench/."""
    files = {f"results/{name}.svg": chart() for name, chart in charts.CHARTS.items()}
    return files | {"results/README.md": page(), "../docs/cost.md": cost.page()}


def write() -> None:
    for name, content in contents().items():
        (RESULTS.parent / name).write_text(content)


def times(cases: dict[str, str], name: str, peers=EVERYONE) -> str:
    """A row for each peer: medians with their spread, and the first case as a ratio to libcurl's and to the floor's."""
    found = {case: kept(name, case) for case in cases}
    first = next(iter(found.values()))
    rows = []
    for key in (key for key in peers if any(key in one for one in found.values())):
        cells = [spread(one[key]) if key in one else "" for one in found.values()]
        ratios = [
            f"{ratio(first[key], first[to])['median']:.2f}" if key in first and to in first else ""
            for to in ("floor", "curl")
        ]
        rows.append([LABELS[key], *cells, *ratios])
    label = next(iter(cases.values()))
    return table(["", *cases.values(), f"{label} / floor", f"{label} / libcurl"], rows)


def page() -> str:
    machine = kept("machine")
    pinned = "the server has one core, and the client the other" if machine["pinned"] else "there is one core for all"
    found = targets.targets()
    missed = sum(not target.met for target in found)
    return (
        "\n\n".join(
            [
                "# libanchor beside what a user would take instead",
                "Made by `make bench` from the files in this folder, not by hand.",
                f"{machine['date']}: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
                f"{machine['kernel']}, {machine['system']}, {machine['libc']}; {machine['compilers'][0]}, "
                f"{machine['compilers'][1]}. The server is `anchor-events serve` in a process of its own, over "
                f"loopback; {pinned}; the load was {machine['load']} before the run. Each peer does the same: it waits "
                "for the event and returns the value of `/data/code`. Rounds are interleaved, so a disturbance hits "
                "neighbouring rounds alike. A figure is the median of the rounds, with their spread in brackets; a "
                "ratio is taken round by round.",
                table(["", "version"], [[LABELS[key], name] for key, name in machine["peers"].items()]),
                "The floor is a bare blocking socket; it relies on what no program should rely on. libcurl is used as "
                "its manual says: a handle for a thread, options set once. ureq gets a timeout with each request, "
                "because waits differ; it then starts a thread for the request.",
                "## Targets",
                f"{len(found) - missed} of {len(found)} are met.",
                table(["", "measured", "at most", ""], [target.row() for target in found]),
                *sections(),
            ]
        )
        + "\n"
    )


def sections() -> list[str]:
    work = {case: kept("work", case) for case in ("plain", "tls")}
    without = " and ".join(f"{work[case]['anchor']['instructions_without_json_get']:,}" for case in work)
    return [
        "## A warm wait",
        "![Wall time of a warm wait](warm.svg)",
        "Microseconds.",
        times({"plain": "plain", "tls": "TLS"}, "warm"),
        above_the_floor(),
        "![Instructions and system calls of a warm wait](work.svg)",
        table(
            ["", "instructions", "over TLS", "system calls", "over TLS"],
            [
                [
                    LABELS[key],
                    *(f"{work[case][key]['instructions']:,}" if key in work[case] else "" for case in work),
                    *(system_calls(work[case][key]) if key in work[case] else "" for case in work),
                ]
                for key in COMPILED
            ],
        ),
        f"Without `anchor_json_get`, libanchor takes {without} instructions.",
        "By crate, from the file of each instruction; code inlined from the standard library counts for the crate that "
        "it was inlined into:",
        breakdown_table(),
        "## From signal to return",
        "![From signal to return](wake.svg)",
        "Microseconds from the `send` of the signal to the return of the wait, "
        f"{kept('wake', 'plain')['anchor']['samples']:,} waits.",
        table(
            ["", "50 %", "99 %", "99.9 %", "99 % / floor"],
            [
                [
                    LABELS[key],
                    spread(one["p50"]),
                    spread(one["p99"]),
                    number(one["p99.9"]),
                    f"{ratio(one['p99'], kept('wake', 'plain')['floor']['p99'])['median']:.2f}",
                ]
                for key, one in in_order(kept("wake", "plain"))
            ],
        ),
        "## Cold start and TLS",
        "![Cold start](cold.svg)",
        "Milliseconds from the start of the process to the first answer: linking, certificates and the handshake "
        "included.",
        table(
            ["", "plain", "TLS"],
            [
                [
                    LABELS[key],
                    *(
                        milliseconds(kept("cold", case)[key]) if key in kept("cold", case) else ""
                        for case in ("plain", "tls")
                    ),
                ]
                for key, _ in in_order(kept("cold", "plain"))
            ],
        ),
        "A wait on a connection of its own, because the server closes each after an answer: microseconds, and "
        "instructions of the client.",
        table(
            ["", "new handshake", "resumed", "instructions, new", "resumed"],
            [
                [
                    LABELS[key],
                    *(spread(kept("handshake", case)[key]) for case in ("new", "resumed")),
                    *(f"{kept('handshake', case)[key]['instructions']:,}" for case in ("new", "resumed")),
                ]
                for key, _ in in_order(kept("handshake", "new"))
            ],
        ),
        "## Blocked waits",
        "![Memory of blocked waits](memory.svg)",
        "KiB of resident memory for each blocked wait, thread stacks included; for one wait, of the whole process.",
        memory_table(),
        f"Context switches of 8 blocked waits in {kept('idle', 'plain')['anchor']['seconds']} s:",
        table(
            ["", "context switches"],
            [[LABELS[key], str(one["wake_ups"])] for key, one in in_order(kept("idle", "plain"))],
        ),
        *many_report.sections(),
        "## The end of a wait",
        "Milliseconds from the timeout of a wait to its return, if the server never answers: median and worst.",
        late_table("deadline", "worst"),
        "Milliseconds from a cancel to the return of the wait, by phase: median and 99 %. A cell is empty where a peer "
        "has no such phase or no way to cancel.",
        late_table("cancel", "p99"),
        "## Threads",
        "![Waits a second](throughput.svg)",
        table(
            ["waits a second", *kept("throughput")["cases"]],
            [[LABELS[key], *(spread(one[key]) for one in kept("throughput")["cases"].values())] for key in COMPILED],
        ),
        "## Size and build",
        size_table(),
        "What each choice in the release profile of Cargo.toml adds to the library and to a warm wait, found by "
        "undoing one at a time (`python3 -m bench.compare.levels`).",
        levels_table(),
    ]


def above_the_floor() -> str:
    """How much of libcurl's time a client itself can save: most of that time is the server's and the kernel's."""
    found = {key: kept("warm", "plain")[key]["median"] for key in ("floor", "anchor", "curl")}
    adds = {key: found[key] - found["floor"] for key in ("anchor", "curl")}
    left = 0.75 * found["curl"] - found["floor"]
    return (
        f"libanchor adds {adds['anchor']:.0f} µs to the time of the bare socket, and libcurl with cJSON adds "
        f"{adds['curl']:.0f}. Three quarters of libcurl's time would leave {max(left, 0):.0f}: the time of the bare "
        "socket is spent in the server, in the kernel and in two wake-ups of an idle processor, which every peer waits "
        "for. The instructions that libanchor adds are listed below."
    )


def breakdown_table() -> str:
    found = kept("breakdown")
    total = sum(found["plain"].values())
    rows = [
        [name, f"{count:,}", f"{100 * count / total:.0f} %", f"{found['tls'].get(name, 0):,}"]
        for name, count in found["plain"].items()
        if count >= total / 100
    ]
    return table(["", "instructions", "share", "over TLS"], rows)


def in_order(found: dict) -> list[tuple[str, dict]]:
    return [(key, found[key]) for key in EVERYONE if key in found]


def milliseconds(one: dict) -> str:
    return spread({name: value / 1000 for name, value in one.items() if name != "rounds"})


def system_calls(one: dict) -> str:
    return f"{one['system_calls']:.0f}: " + ", ".join(
        f"{name} {calls:.0f}" for name, calls in one["calls"].items() if calls >= 0.5
    )


def memory_table() -> str:
    found = kept("memory")["cases"]

    def cell(case: str, key: str) -> str:
        if key not in found[case]:
            return ""
        one = found[case][key]
        return number(one["process"]["resident"]) if case.endswith(" 1") else f"{one['each']['resident']:.1f}"

    heads = [f"{case.replace('plain ', '').replace('tls', 'TLS,')}" for case in found]
    rows = [[LABELS[key], *(cell(case, key) for case in found)] for key in EVERYONE]
    return table(["", *(f"{int(head):,}" if head.isdigit() else head for head in heads)], rows)


def late_table(name: str, tail: str) -> str:
    found = kept(name)["cases"]
    middle = "p50" if tail == "p99" else "median"

    def cell(one: dict) -> str:
        return f"{one[middle] / 1000:.2f}, {one[tail] / 1000:.2f}"

    keys = [key for key in EVERYONE if any(key in one for one in found.values())]
    return table(
        ["", *found], [[LABELS[key], *(cell(one[key]) if key in one else "" for one in found.values())] for key in keys]
    )


def size_table() -> str:
    size, build = kept("size"), kept("build")
    curl = size["libcurl and cJSON need"]
    rows = [
        ["`libanchor.so`, stripped", f"{size['libanchor.so']:,} bytes"],
        [
            "what it loads besides the C library",
            f"{sum(size['libanchor.so needs'].values()):,} bytes: {', '.join(size['libanchor.so needs'])}",
        ],
        ["the README's first program, static and stripped", f"{size['static program']:,} bytes"],
        [
            "libcurl, cJSON and what they load besides the C library",
            f"{sum(curl.values()):,} bytes in {len(curl)} libraries",
        ],
        ["crates in libanchor", str(build["crates"])],
    ]
    if "library" in build:
        rows.append(["its release build from the sources alone", f"{build['library']} s"])
    return table(["", ""], rows)


def levels_table() -> str:
    levels = kept("levels")
    rows = [
        [name, f"{one['bytes']:+,}", f"{one['plain']:+,}", f"{one['tls']:+,}"]
        for name, one in levels["choices"].items()
    ]
    chosen = levels["chosen"]
    whole = ["as it is", f"{chosen['bytes']:,}", f"{chosen['plain']:,}", f"{chosen['tls']:,}"]
    return table(["", "bytes", "instructions", "over TLS"], [whole, *rows])


def is_committed() -> bool:
    stale = [name for name, content in contents().items() if (RESULTS.parent / name).read_text() != content]
    for name in stale:
        print(f"bench/{name} differs from the results: python3 -m bench.compare.report writes it")
    return not stale


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the reports from the results.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail where a report is not up to date")
    if not parser.parse_args().check:
        write()
    elif not (is_committed() & readme.is_true()):
        sys.exit(1)


if __name__ == "__main__":
    main()
