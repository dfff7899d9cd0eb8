"""A guard for CI: the instructions and system calls of a wait and the size of the library, against baseline.json. These
do not depend on what else the machine does. Times do, so they are not compared.

    python3 -m bench.guard.check [--accept]

--accept makes what is measured now the baseline.
"""

import argparse
import json
import sys

from bench.guard import counts, peers
from bench.guard.servers import EventServer
from bench.guard.size import size_of_library

BASELINE = peers.GUARD / "baseline.json"

# Instructions vary a little with addresses and with the version of the C library, and over TLS with the processor.
# Bytes vary with the compiler. A few answers arrive in two pieces and take one more system call; one more in each
# wait is far above this tolerance.
TOLERANCE = {"instructions": 0.02, "instructions over TLS": 0.03, "system calls": 0.1, "bytes": 0.01}


def measured() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {
        "instructions": {},
        "instructions over TLS": {},
        "system calls": {},
        "bytes": {},
    }
    for tls, kind in ((False, "instructions"), (True, "instructions over TLS")):
        with EventServer(tls, profile="dev") as server:
            for within in ("peer_wait", "anchor_wait_for_event"):
                found[kind][within] = counts.instructions(peers.LIBANCHOR, server, 20, 80, within)
            calls = counts.system_calls(peers.LIBANCHOR, server, 20, 80)
            found["system calls"] |= {f"{name} over TLS" if tls else name: count for name, count in calls.items()}
    size = size_of_library()
    found["bytes"] = {"libanchor.so": size["libanchor.so"], "static program": size["static program"]}
    return found


def compare(found: dict, baseline: dict) -> bool:
    """Prints each figure beside its baseline. True if none exceeds its tolerance."""
    good = True
    for kind, figures in found.items():
        for name in sorted(figures.keys() | baseline[kind].keys()):
            now, before = figures.get(name, 0), baseline[kind].get(name, 0)
            bound = before * (1 + TOLERANCE[kind])
            verdict = "worse" if now > bound else "better" if now < before * (1 - TOLERANCE[kind]) else ""
            print(f"{kind:22} {name:24} {now:>12,} {before:>12,}  {verdict}")
            good &= verdict != "worse"
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description="Compares what a wait costs with the baseline.")
    parser.add_argument("--accept", action="store_true", help="make what is measured now the baseline")
    accept = parser.parse_args().accept
    peers.build_library()
    peers.build(peers.LIBANCHOR)
    found = measured()
    if accept:
        BASELINE.write_text(json.dumps(found, indent=1) + "\n")
        return
    good = compare(found, json.loads(BASELINE.read_text()))
    if not good:
        sys.exit("If the change is worth it: make bench-check ACCEPT=1, and say in the commit what the cost is for.")


if __name__ == "__main__":
    main()
