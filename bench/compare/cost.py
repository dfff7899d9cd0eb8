"""docs/cost.md: what waits cost, and what follows for many of them, calculated from the results."""

import math

from pathlib import Path

from bench.compare import readme
from bench.compare.figures import kept, ratio

TEMPLATE = Path(__file__).with_name("cost.md.in")
# The library's defaults: the slice, and the pool of idle connections.
SLICE_S = 50
IDLE_KEPT, IDLE_S = 64, 50
# Linux on x86-64.
PORTS = 28_232
KERNEL_STACK_KIB = 16
# The largest is for several machines, with a share each.
FLEETS = (10, 1000, 100_000)
SHARE = 20_000


def page() -> str:
    return TEMPLATE.read_text().format(
        **of_one_wait(), **of_growth(), fleets=fleet_table(), comparison=readme.table()
    )


def of_one_wait() -> dict:
    crowd, tls = kept("memory", "plain 1000"), kept("memory", "tls 500")["anchor"]
    work, work_tls = kept("work", "plain")["anchor"], kept("work", "tls")["anchor"]
    idle = kept("idle", "plain")["anchor"]
    return {
        "plain_kib": crowd["anchor"]["each"]["resident"],
        "tls_kib": tls["each"]["resident"],
        "started_kib": crowd["anchor-started"]["each"]["resident"],
        "started_descriptors": crowd["anchor-started"]["each"]["descriptors"],
        "stack_kib": KERNEL_STACK_KIB,
        "calls": system_calls(work),
        "tls_calls": system_calls(work_tls),
        "instructions": work["instructions"],
        "tls_instructions": work_tls["instructions"],
        "wake_ups": "none" if not idle["wake_ups"] else f"{idle['wake_ups']} of 8 waits in {idle['seconds']} s",
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
        "ports": PORTS,
        "addresses": math.ceil(FLEETS[2] / PORTS),
        "processes": math.ceil(FLEETS[2] / SHARE),
        "share": SHARE,
    }


def system_calls(work: dict) -> str:
    return f"{work['system_calls']:.0f}: " + ", ".join(f"{name} {count:.0f}" for name, count in work["calls"].items())


def millions(handshake: dict) -> str:
    return f"{handshake['instructions'] / 1e6:.1f} M"


def of_first_wait() -> int:
    """KiB of a process that has made one wait."""
    return kept("memory", "plain 1")["anchor"]["process"]["resident"]


def fleet_table() -> str:
    each, handshake = kept("memory", "tls 500")["anchor"]["each"], kept("handshake", "new")["anchor"]["instructions"]
    columns = ["waits", "resident", "kernel stacks", "descriptors", "requests a second", "instructions to connect them"]
    rows = [columns, ["---:"] * len(columns)]
    for waits in FLEETS:
        memory = of_first_wait() + waits * (each["resident"] + each["page_tables"])
        stacks = waits * KERNEL_STACK_KIB
        connect = f"{waits * handshake / 1e9:,.2f} G"
        rows.append([f"{waits:,}", size(memory), size(stacks), f"{2 * waits:,}", f"{waits / SLICE_S:,.1f}", connect])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def size(kib: float) -> str:
    return f"{kib / 1024:,.1f} MiB" if kib < 1024 * 1024 else f"{kib / 1024 / 1024:.1f} GiB"
