"""The part of results/README.md about many waits at once."""

from bench.compare.alternatives import LABELS
from bench.compare.charts import MANY
from bench.compare.figures import kept
from bench.compare.svg import number
from bench.compare.tables import spread, table


def sections() -> list[str]:
    found = kept("many")
    most = next(iter(found["cases"]["plain 100000"].values()))
    return [
        "## Many waits",
        "![What one of 10,000 blocked waits takes](many.svg)",
        "One thread starts them all. The server is bench/guard/server/crowd_server.c, one thread with epoll. libcurl is "
        "used as its documentation advises for thousands of transfers; tuned, it has a buffer of 1 KiB, shared TLS "
        "sessions, and does not search for an idle connection for a first request. `thread each` is libanchor before "
        f"started waits shared a thread. A process may have {found['limit'] + 100:,} descriptors here. So 100,000 waits are "
        f"those of {most['processes']} processes, each with a server of its own, and a thread each allows "
        f"{found['cases']['plain 10000']['anchor-threads']['waits']:,} waits.",
        "Memory is KiB of each wait, and CPU is user and system time of the client. A wake-up is the time from the `send` "
        "of a signal until the wait was taken, one at a time in random order; its CPU includes that the wait is started "
        "again.",
        *(part for case in found["cases"] for part in (f"### {title(case)}", table_of(found["cases"][case]))),
        at_rest(found),
        rearm(found["rearm"]),
        warm(found["warm"]),
    ]


def title(case: str) -> str:
    scheme, size = case.split()
    return f"{int(size):,} waits" + (" over TLS" if scheme == "tls" else "")


def table_of(found: dict) -> str:
    head = [
        "",
        "KiB",
        "descriptors",
        "threads",
        "start: CPU, ms",
        "ms",
        "wake-up, µs: 50 %",
        "99 %",
        "99.9 %",
        "CPU, µs",
    ]
    rows = []
    for key in (key for key in MANY if key in found):
        one = found[key]
        wake = one["wake_us"]
        rows.append(
            [
                LABELS[key],
                f"{one['each']['resident']:.2f}",
                f"{one['each']['descriptors']:.1f}",
                f"{one['each']['threads'] * one['waits']:,.0f}",
                spread(one["start_cpu_ms"]),
                spread(one["start_ms"]),
                spread(wake["p50"]),
                spread(wake["p99"]),
                number(wake["p99.9"]),
                spread(one["wake_cpu_us"]),
                spread(one["cancel_ms"]),
                spread(one["cancel_cpu_ms"]),
            ]
        )
    return table([*head, "cancel all: ms", "CPU, ms"], rows)


def at_rest(found: dict) -> str:
    ours = [one["anchor-queue"]["idle"] for one in found["cases"].values()]
    seconds, wake_ups, cpu = (sum(one[name] for one in ours) for name in ("seconds", "wake_ups", "cpu_us"))
    return (
        f"While they were blocked, for {seconds:.0f} s in all, the processes with libanchor's queue had {wake_ups:.0f} "
        f"context switches and {cpu:.0f} µs of CPU."
    )


def rearm(found: dict) -> str:
    one = next(iter(found.values()))
    rows = []
    for name, figures in found.items():
        case, key = name.split()
        rows.append(
            [
                LABELS[key] + (" over TLS" if case == "tls" else ""),
                f"{figures['requests']:,} in {figures['seconds']:.0f} s",
                number(figures["cpu_us_each"]),
                f"{figures['percent_at_50_s']:.2f} %",
            ]
        )
    return "\n\n".join(
        [
            f"{one['waits']:,} waits that ask again at the end of their slice. It was {one['slice_s']} s here, so that "
            "enough requests were counted; the last column is calculated for 50 s, the library's.",
            table(["", "requests", "CPU of each, µs", "of one processor, slices of 50 s"], rows),
        ]
    )


def warm(found: dict) -> str:
    rows = [
        ["over TLS" if case == "tls" else "plain", spread(one["us"]), *counted(one), calls(one)]
        for case, one in found.items()
    ]
    return "\n\n".join(
        [
            "A warm wait through the queue, one at a time, on all threads of the process:",
            table(["", "µs", "instructions", "beside a blocked wait", "system calls"], rows),
        ]
    )


def counted(one: dict) -> list[str]:
    return [f"{one[name]:,}" for name in ("instructions", "instructions_beside_another")]


def calls(one: dict) -> str:
    names = ", ".join(f"{name} {count:.0f}" for name, count in one["calls"].items() if count >= 0.5)
    return f"{one['system_calls']:.0f}: {names}"
