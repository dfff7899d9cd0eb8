"""What valgrind and strace count for a wait. It does not depend on what else the machine does."""

import os
import re
import subprocess
import sys

from bench.guard.peers import Peer
from bench.guard.servers import Server


def instructions(peer: Peer, server: Server, few: int, many: int, within: str = "peer_wait") -> int:
    """In user space, for each wait: the difference between many waits and few, so that the start does not count."""
    collected = []
    for count in (few, many):
        valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--toggle-collect={within}"]
        collected.append(int(re.search(r"Collected : (\d+)", traced(valgrind, peer, server, count))[1]))
    return round((collected[1] - collected[0]) / (many - few))


def instructions_of_process(peer: Peer, server: Server, few: int, many: int, crowd: int = 0) -> int:
    """The same on all threads, because those of the library work for the wait too. What the driver does is in it. A crowd is
    blocked meanwhile in the same process. Threads that meet at a lock take more, the more the busier the machine is, so the
    least of three runs counts."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]

    def collected(count: int) -> int:
        reports = [traced(valgrind, peer, server, count, "silent", crowd) for _ in range(3)]
        return min(int(re.search(r"Collected : (\d+)", report)[1]) for report in reports)

    return round((collected(many) - collected(few)) / (many - few))


def system_calls(peer: Peer, server: Server, few: int, many: int) -> dict[str, float]:
    """The same difference, by strace -c."""
    counts = []
    for count in (few, many):
        table = traced(["strace", "-f", "-c", "-U", "calls,name"], peer, server, count)
        counts.append({name: int(calls) for calls, name in re.findall(r"^ *(\d+) (\w+)$", table, re.M)})
    # Whether the clock is read by a system call depends on the machine.
    names = {name for name in counts[1] if name not in ("total", "clock_gettime")}
    each = {name: (counts[1].get(name, 0) - counts[0].get(name, 0)) / (many - few) for name in names}
    return {name: round(calls, 2) for name, calls in sorted(each.items()) if calls >= 0.1}


def traced(tracer: list[str], peer: Peer, server: Server, count: int, what: str = "waits", crowd: int = 0) -> str:
    """The tracer's report on so many waits, from stderr."""
    server.signal(count=count + 2)
    command = [*tracer, *peer.command, what, str(count), str(crowd)]
    done = subprocess.run(command, env={**os.environ, **server.environment}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stderr
