"""docs/cost.md: what waits cost, and what follows for many of them, calculated from the results."""

import math

from pathlib import Path

from bench.compare import readme
from bench.compare.figures import kept, ratio
from bench.compare.svg import number

TEMPLATE = Path(__file__).with_name("cost.md.in")
# The library's defaults: the slice, and the pool of idle connections.
SLICE_S = 50
IDLE_KEPT, IDLE_S = 64, 50
# Linux on x86-64.
PORTS, ALL_PORTS = 28_232, 64_512
KERNEL_STACK_KIB = 16
FLEETS = (10, 1000, 100_000)
# Of a started wait's slice, at most.
JITTER_PERCENT = 10


def page() -> str:
    return TEMPLATE.read_text().format(**of_one_wait(), **of_growth(), fleets=fleet_table(), comparison=readme.table())


def of_one_wait() -> dict:
    crowd, tls = kept("memory", "plain 1000"), kept("memory", "tls 500")["anchor"]
    work, work_tls = kept("work", "plain")["anchor"], kept("work", "tls")["anchor"]
    idle = kept("idle", "plain")["anchor"]
    started, started_tls = (kept("many", f"{case} 10000")["anchor-queue"] for case in ("plain", "tls"))
    queue, queue_tls = (kept("many")["warm"][case] for case in ("plain", "tls"))
    return {
        "plain_kib": crowd["anchor"]["each"]["resident"],
        "tls_kib": tls["each"]["resident"],
        "started_kib": started["each"]["resident"],
        "started_tls_kib": started_tls["each"]["resident"],
        "started_descriptors": started["each"]["descriptors"],
        "started_calls": system_calls(queue),
        "started_tls_calls": system_calls(queue_tls),
        "started_instructions": queue["instructions"],
        "started_tls_instructions": queue_tls["instructions"],
        "started_wake_ups": wake_ups(started["idle"], started["waits"]),
        "stack_kib": KERNEL_STACK_KIB,
        "calls": system_calls(work),
        "tls_calls": system_calls(work_tls),
        "instructions": work["instructions"],
        "tls_instructions": work_tls["instructions"],
        "wake_ups": wake_ups(idle, 8),
        "handshake": millions(kept("handshake", "new")["anchor"]) + " instructions",
        "resumed": millions(kept("handshake", "resumed")["anchor"]),
        "process_mib": of_first_wait() / 1024,
    }


def of_growth() -> dict:
    beside = kept("beside")["cases"]
    crowd = max(int(case.split()[0]) for case in beside)

    def slower(key: str) -> float:
        return ratio(beside[f"{crowd} blocked"][key], beside["0 blocked"][key])["median"]

    return {
        "crowd": crowd,
        "beside": slower("anchor"),
        "beside_floor": slower("floor"),
        "slice_s": SLICE_S,
        "idle_kept": IDLE_KEPT,
        "idle_s": IDLE_S,
        "jitter": JITTER_PERCENT,
        "ports": PORTS,
        "all_ports": ALL_PORTS,
        "addresses": math.ceil(FLEETS[2] / ALL_PORTS),
    }


def wake_ups(idle: dict, waits: int) -> str:
    return "none" if not idle["wake_ups"] else f"{idle['wake_ups']:.0f} of {waits:,} waits in {idle['seconds']:.0f} s"


def system_calls(work: dict) -> str:
    return f"{work['system_calls']:.0f}: " + ", ".join(f"{name} {count:.0f}" for name, count in work["calls"].items())


def millions(handshake: dict) -> str:
    return f"{handshake['instructions'] / 1e6:.1f} M"


def of_first_wait(case: str = "plain") -> int:
    """KiB of a process that has made one wait."""
    return kept("memory", f"{case} 1")["anchor"]["process"]["resident"]


def fleet_table() -> str:
    plain, tls = (kept("many", f"{case} 10000")["anchor-queue"] for case in ("plain", "tls"))
    again = kept("many")["rearm"]["tls anchor-queue"]["cpu_us_each"]
    columns = [
        "waits",
        "resident",
        "over TLS",
        "descriptors",
        "CPU to start them",
        "over TLS",
        "requests a second",
        "CPU of these",
    ]
    rows = [columns, ["---:"] * len(columns)]
    for waits in FLEETS:
        row = [f"{waits:,}"]
        row += [
            size(of_first_wait(case) + waits * one["each"]["resident"])
            for case, one in (("plain", plain), ("tls", tls))
        ]
        row.append(f"{waits * plain['each']['descriptors']:,.0f}")
        row += [seconds(waits * one["start_cpu_ms"]["median"] / one["waits"]) for one in (plain, tls)]
        row += [f"{waits / SLICE_S:,.1f}", f"{number(waits / SLICE_S * again / 1e4)} %"]
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def seconds(ms: float) -> str:
    return f"{number(ms)} ms" if ms < 1000 else f"{number(ms / 1000)} s"


def size(kib: float) -> str:
    return f"{kib / 1024:,.1f} MiB" if kib < 1024 * 1024 else f"{kib / 1024 / 1024:.1f} GiB"
