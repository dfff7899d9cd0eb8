"""Which results are drawn, and how: the charts of results/README.md."""

import math

from bench.compare.alternatives import LABELS
from bench.compare.figures import CURVE, kept
from bench.compare.svg import bars, lines, logarithmic, number

COMPILED = ("floor", "anchor", "curl", "ureq")
EVERYONE = ("floor", "anchor", "anchor-started", "curl", "curl-multi", "ureq", "python", "node")
MANY = ("epoll", "curl-multi", "curl-multi-tuned", "anchor-threads", "anchor-queue")


def warm_chart() -> str:
    groups = []
    for case, name in (("plain", "plain HTTP"), ("tls", "TLS")):
        found = kept("warm", case)
        groups.append((name, [bar(key, found[key], "µs") for key in EVERYONE if key in found]))
    limit = 1.35 * max(one["value"] for _, group in groups for one in group if one["key"] in COMPILED)
    return bars(
        "A warm wait",
        "Wall time of a wait for an event that is there already, on one connection; median and spread of rounds",
        groups,
        limit,
    )


def bar(key: str, found: dict, unit: str) -> dict:
    return {
        "key": key,
        "label": LABELS[key],
        "value": found["median"],
        "low": found["lowest"],
        "high": found["highest"],
        "note": f"{number(found['median'])} {unit}",
    }


def work_chart() -> str:
    groups = []
    for case, name in (("plain", "plain HTTP"), ("tls", "TLS")):
        found = kept("work", case)
        groups.append(
            (
                name,
                [
                    {
                        "key": key,
                        "label": LABELS[key],
                        "value": found[key]["instructions"],
                        "note": f"{found[key]['instructions']:,}, {found[key]['system_calls']:.0f} calls",
                    }
                    for key in COMPILED
                    if key in found
                ],
            )
        )
    limit = max(one["value"] for _, group in groups for one in group) * 1.08
    return bars(
        "What a warm wait executes",
        "Instructions in user space, by callgrind, and system calls, by strace",
        groups,
        limit,
    )


def cold_chart() -> str:
    groups = []
    for case, name in (("plain", "plain HTTP"), ("tls", "TLS")):
        found = kept("cold", case)
        scaled = {
            key: {name: value / 1000 for name, value in one.items() if name != "rounds"} for key, one in found.items()
        }
        groups.append((name, [bar(key, scaled[key], "ms") for key in EVERYONE if key in scaled]))
    limit = 1.35 * max(one["value"] for _, group in groups for one in group if one["key"] in COMPILED)
    return bars(
        "Cold start",
        "From the start of a process to its first answer, TLS handshake and certificates included; median and spread",
        groups,
        limit,
    )


def wake_chart() -> str:
    found = kept("wake", "plain")
    keys = [key for key in ("floor", "anchor", "curl", "curl-multi", "ureq") if key in found]

    def tail(q: float) -> float:
        return -math.log10(1 - q)

    top = 10 ** (math.ceil(4 * math.log10(max(max(found[key]["curve"]) for key in keys))) / 4)
    low = 10 ** (math.floor(4 * math.log10(min(min(found[key]["curve"]) for key in keys))) / 4)
    series = [
        {
            "key": key,
            "label": LABELS[key],
            "points": [(tail(q), math.log10(us)) for q, us in zip(CURVE, found[key]["curve"])],
        }
        for key in keys
    ]
    marks = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000]
    ticks = (
        [(math.log10(low), "")]
        + [(math.log10(us), f"{us:,} µs") for us in marks if low < us < top]
        + [(math.log10(top), "")]
    )
    percentiles = [
        (tail(CURVE[0]), ""),
        (tail(0.5), "50 %"),
        (tail(0.9), "90 %"),
        (tail(0.99), "99 %"),
        (tail(0.999), "99.9 %"),
        (tail(CURVE[-1]), ""),
    ]
    return lines(
        "From signal to return",
        "How long after a signal was sent the wait for it has returned, by share of waits",
        series,
        percentiles,
        ticks,
        "share of waits that are back, the tail stretched",
    )


def memory_chart() -> str:
    sizes = [int(case.split()[1]) for case in kept("memory")["cases"] if case.startswith("plain")]
    series = []
    for key in EVERYONE:
        found = {size: kept("memory", f"plain {size}") for size in sizes}
        points = [(size, one[key]["process"]["resident"] / 1024) for size, one in found.items() if key in one]
        series.append({"key": key, "label": LABELS[key], "points": logarithmic(points)})
    x_ticks = [(math.log10(size), f"{size:,}") for size in sizes]
    y_ticks = [(math.log10(mib), f"{mib:,} MiB") for mib in (1, 10, 100, 1000)] + [(math.log10(2000), "")]
    return lines(
        "Memory of blocked waits",
        "Resident memory of a process whose waits are all blocked, thread stacks included",
        series,
        x_ticks,
        y_ticks,
        "blocked waits",
    )


def many_chart() -> str:
    groups = []
    for case, name in (("plain 10000", "plain HTTP"), ("tls 10000", "TLS")):
        found = kept("many", case)
        groups.append((name, [many_bar(key, found[key]) for key in MANY if key in found]))
    return bars(
        "What one of 10,000 blocked waits takes",
        "Resident memory of its process, divided by the waits; a thread each: as many as descriptors allow",
        groups,
        max(one["value"] for _, group in groups for one in group) * 1.08,
    )


def many_bar(key: str, found: dict) -> dict:
    each = found["each"]["resident"]
    ours = "anchor" if key == "anchor-queue" else key
    return {"key": ours, "label": LABELS[key], "value": each, "note": f"{number(each)} KiB"}


def throughput_chart() -> str:
    found = kept("throughput")["cases"]
    threads = [int(case.split()[0]) for case in found]
    series = [
        {
            "key": key,
            "label": LABELS[key],
            "points": [(i, one[key]["median"] / 1000) for i, one in enumerate(found.values())],
        }
        for key in COMPILED
    ]
    step = 10
    top = step * math.ceil(max(y for one in series for _, y in one["points"]) / step)
    ticks = [(thousands, f"{thousands},000" if thousands else "0") for thousands in range(0, top + 1, step)]
    return lines(
        "Waits a second",
        "Threads that wait for events which are there already; client and server have a core each",
        series,
        [(i, str(count)) for i, count in enumerate(threads)],
        ticks,
        "threads",
    )


CHARTS = {
    "warm": warm_chart,
    "work": work_chart,
    "wake": wake_chart,
    "cold": cold_chart,
    "memory": memory_chart,
    "many": many_chart,
    "throughput": throughput_chart,
}
