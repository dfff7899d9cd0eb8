"""A guard for CI: the instructions and system calls of a wait, what each of many blocked waits costs its process, and the size
of the library, against baseline.json and the targets. These do not depend on what else the machine does. Times do, so they
are not compared.

    python3 -m bench.guard.check [--accept]

--accept makes what is measured now the baseline.
"""

import argparse
import json
import sys

from bench.guard import counts, many, peers
from bench.guard.servers import EventServer
from bench.guard.size import size_of_library

BASELINE = peers.GUARD / "baseline.json"

# Instructions vary a little with addresses and with the version of the C library, and over TLS with the processor.
# Bytes vary with the compiler. A few answers arrive in two pieces and take one more system call; one more in each
# wait is far above this tolerance. Threads that meet at a lock make a wait through the queue vary more.
TOLERANCE = {
    "instructions": 0.02,
    "instructions over TLS": 0.03,
    "system calls": 0.1,
    "bytes": 0.01,
    "instructions, queue": 0.04,
    "each blocked wait": 0.03,
}

# What must hold whatever the baseline is. Sizes are KiB of resident memory. One thread serves all waits.
TARGETS = {
    "instructions, queue": {"plain, alone": 28_000, "plain, beside another": 28_000},
    "each blocked wait": {
        "plain": 1.0,
        "plain, descriptors": 1,
        "plain, threads": 0.001,
        "TLS": 9.5,
        "TLS, descriptors": 1,
        "TLS, threads": 0.001,
    },
}

# As many waits as the targets are for, if the limit of descriptors allows it.
BLOCKED = min(10_000, many.limit())


def measured() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {kind: {} for kind in TOLERANCE}
    for tls, kind in ((False, "instructions"), (True, "instructions over TLS")):
        with EventServer(tls, profile="dev") as server:
            for within in ("peer_wait", "anchor_wait_for_event"):
                found[kind][within] = counts.instructions(peers.LIBANCHOR, server, 20, 80, within)
            calls = counts.system_calls(peers.LIBANCHOR, server, 20, 80)
            found["system calls"] |= {f"{name} over TLS" if tls else name: count for name, count in calls.items()}
            name = "TLS" if tls else "plain"
            for beside, crowd in {"alone": 0, "beside another": 1}.items():
                taken = counts.instructions_of_process(peers.QUEUE, server, 20, 80, crowd)
                found["instructions, queue"][f"{name}, {beside}"] = taken
        each = many.each_blocked(peers.MANY_QUEUE, tls, BLOCKED)
        found["each blocked wait"] |= {
            name: round(each["resident"], 2),
            f"{name}, descriptors": round(each["descriptors"], 2),
            f"{name}, threads": round(each["threads"], 3),
        }
    size = size_of_library()
    found["bytes"] = {"libanchor.so": size["libanchor.so"], "static program": size["static program"]}
    return found


def compare(found: dict, baseline: dict) -> bool:
    """Prints each figure beside its baseline. True if none exceeds its tolerance or its target."""
    good = True
    for kind, figures in found.items():
        before_that = baseline.get(kind, {})
        for name in sorted(figures.keys() | before_that.keys()):
            now, before = figures.get(name, 0), before_that.get(name, 0)
            target = TARGETS.get(kind, {}).get(name)
            bound = before * (1 + TOLERANCE[kind])
            verdict = "worse" if now > bound else "better" if now < before * (1 - TOLERANCE[kind]) else ""
            if target is not None and now > target:
                verdict = f"above the target of {target:,}"
            print(f"{kind:22} {name:24} {now:>12,} {before:>12,}  {verdict}")
            good &= verdict in ("", "better")
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description="Compares what a wait costs with the baseline.")
    parser.add_argument("--accept", action="store_true", help="make what is measured now the baseline")
    accept = parser.parse_args().accept
    peers.build_library()
    many.build_server()
    for peer in (peers.LIBANCHOR, peers.QUEUE, peers.MANY_QUEUE):
        peers.build(peer)
    found = measured()
    if accept:
        BASELINE.write_text(json.dumps(found, indent=1) + "\n")
        return
    good = compare(found, json.loads(BASELINE.read_text()))
    if not good:
        sys.exit("If the change is worth it: make bench-check ACCEPT=1, and say in the commit what the cost is for.")


if __name__ == "__main__":
    main()
