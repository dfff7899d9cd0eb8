"""The measurements. Each returns the content of one file of results."""

import os
import re
import shutil
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.compare import crates, listeners
from bench.compare.alternatives import COMPILED, CURL_EASY, CURL_MULTI, LAUNCH, SDKS, SIGNALS, UREQ_AGENT
from bench.compare.figures import CURVE, median, quantile, rounds, significant
from bench.compare.listeners import ClosingServer, environment_of
from bench.compare.many import many
from bench.guard.counts import instructions, system_calls
from bench.guard.peers import (
    BUILD,
    FLOOR,
    LIBANCHOR,
    LIBRARY,
    SERVER_CORE,
    STARTED,
    Peer,
    library,
    measure,
    pinned,
    result_of,
    run,
    start,
)
from bench.guard.process import footprint, switches
from bench.guard.servers import EventServer
from bench.guard.size import size_of_library

CASES = {"plain": False, "tls": True}


def able(case: str, peers: tuple[Peer, ...]) -> list[Peer]:
    """The floor speaks plain HTTP only."""
    return [peer for peer in peers if not (peer is FLOOR and case != "plain")]


def warm(quick: bool) -> dict:
    """Wall time of a wait for an event that was signaled, over a warm connection."""
    medians = defaultdict(list)
    for case, tls in CASES.items():
        with EventServer(tls) as server:
            for _ in range(3 if quick else 9):
                for peer in able(case, COMPILED + SDKS):
                    count = 200 if peer in SDKS else 1000
                    server.signal(count=count + 2)
                    result = measure(peer, server.environment, "waits", count)
                    took = [end - begin for begin, end in zip(result["began"], result["answered"])]
                    medians[case, peer.key].append(median(took))
    return cases("us", {key: rounds(values) for key, values in medians.items()})


def wake(quick: bool) -> dict:
    """From the moment a signal is sent until the wait for it has returned."""
    late, tails = defaultdict(list), defaultdict(list)
    with EventServer() as server:
        for _ in range(2 if quick else 5):
            for peer in COMPILED + (CURL_MULTI,) + SDKS:
                samples = wake_latencies(server, peer)
                late[peer.key] += samples
                tails[peer.key].append({q: quantile(samples, q) for q in (0.5, 0.99)})
    result = {}
    for key, samples in late.items():
        result["plain", key] = {
            "p50": rounds([tail[0.5] for tail in tails[key]]),
            "p99": rounds([tail[0.99] for tail in tails[key]]),
            "p99.9": significant(quantile(samples, 0.999)),
            "samples": len(samples),
            "curve": [significant(quantile(samples, q)) for q in CURVE],
        }
    return cases("us", result)


def wake_latencies(server: EventServer, peer: Peer) -> list[float]:
    """Pauses are of random length, and longer than a wait needs to block again. A wait that began less than `settled`
    before its signal was sent may not have been blocked yet, so it does not count."""
    count, pauses, settled = (200, (8000, 12000), 2000) if peer in SDKS else (2000, (700, 1700), 200)
    server.signal(count=2)
    waits = start(peer, server.environment, "waits", count)
    server.await_waiting(1)
    command = [*pinned(SERVER_CORE), *SIGNALS.command, count, *pauses]
    signals = Peer("signals", "", tuple(map(str, command)))
    sent = measure(signals, server.environment)["sent"]
    result = result_of(waits)
    all_of_them = zip(result["began"], result["answered"], sent)
    return [end - signal for begin, end, signal in all_of_them if begin + settled < signal]


def cold(quick: bool) -> dict:
    """From the start of a process to its first answer."""
    took = defaultdict(list)
    for case, tls in CASES.items():
        with EventServer(tls) as server:
            for number in range(4 if quick else 20):
                for peer in able(case, COMPILED + (SDKS if number % 4 == 0 else ())):
                    server.signal()
                    launched = Peer(peer.key, peer.label, (*LAUNCH.command, *peer.command))
                    took[case, peer.key] += measure(launched, server.environment, "first")["took"]
    return cases("us", {key: rounds(values) for key, values in took.items()})


def handshake(quick: bool) -> dict:
    """A wait over TLS on a connection of its own, whose handshake is new or resumed: wall time, and instructions."""
    result = defaultdict(dict)
    for case, resumes in {"new": False, "resumed": True}.items():
        with ClosingServer(resumes) as server:
            medians = defaultdict(list)
            for _ in range(2 if quick else 5):
                for peer in able(case, COMPILED):
                    times = measure(peer, server.environment, "waits", 100)
                    took = [end - begin for begin, end in zip(times["began"], times["answered"])]
                    medians[peer].append(median(took))
            for peer, values in medians.items():
                result[case, peer.key] = rounds(values)
                result[case, peer.key]["instructions"] = instructions(peer, server, 10, 30)
    return cases("us", result)


def work(quick: bool) -> dict:
    """What a warm wait costs on any machine: instructions in user space, and system calls."""
    result = {}
    for case, tls in CASES.items():
        with EventServer(tls) as server:
            for peer in able(case, COMPILED):
                entry = {"instructions": instructions(peer, server, 50, 250)}
                if peer is LIBANCHOR:
                    entry["instructions_without_json_get"] = instructions(
                        peer, server, 50, 250, "anchor_wait_for_event"
                    )
                calls = system_calls(peer, server, 50, 250)
                result[case, peer.key] = entry | {"system_calls": sum(calls.values()), "calls": calls}
    return cases("each wait", result)


def breakdown(quick: bool) -> dict:
    """Which crate the instructions of libanchor's warm wait belong to."""
    # Before the servers are started, which would close their connections meanwhile.
    crates.build()
    return {"unit": "instructions"} | {case: crates.instructions_by_owner(tls) for case, tls in CASES.items()}


def memory(quick: bool) -> dict:
    """What a process holds while so many of its waits are blocked."""
    sizes = {"plain": (1, 100, 1000, 5000), "tls": (1, 500)}
    result = {}
    for case, tls in CASES.items():
        for count in sizes[case]:
            for peer in able(case, (FLOOR, CURL_EASY, CURL_MULTI, UREQ_AGENT, LIBANCHOR, STARTED)):
                result[f"{case} {count}", peer.key] = blocked(peer, tls, count)
            if case == "plain" and count <= 1000:
                for peer in SDKS:
                    result[f"{case} {count}", peer.key] = blocked(peer, tls, count)
    return cases("KiB", result)


def blocked(peer: Peer, tls: bool, count: int, look=None) -> dict:
    """Starts waits, looks at the process while they are blocked, and then signals each."""
    with EventServer(tls) as server:
        server.signal()
        process = start(peer, server.environment, "blocked", count)
        process.stdout.readline()
        before = footprint(process.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        server.await_waiting(count)
        time.sleep(0.3)
        after = footprint(process.pid)
        seen = look(process.pid) if look else {}
        for number in range(count):
            server.signal(f"crowd-{number}")
        result_of(process)
    each = {name: significant((after[name] - before[name]) / count) for name in after}
    return {"process": after, "each": each, **seen}


def beside(quick: bool) -> dict:
    """A warm wait while others are blocked in the same process."""
    medians = defaultdict(list)
    for _ in range(2 if quick else 3):
        for crowd in (0, 1000) if quick else (0, 1000, 5000):
            for peer in (FLOOR, CURL_EASY, LIBANCHOR):
                with EventServer() as server:
                    server.signal(count=502)
                    process = start(peer, server.environment, "beside", crowd, 500)
                    process.stdout.readline()
                    server.await_waiting(crowd)
                    process.stdin.write("\n")
                    result = result_of(process)
                    took = [end - begin for begin, end in zip(result["began"], result["answered"])]
                    medians[f"{crowd} blocked", peer.key].append(median(took))
    return cases("us", {key: rounds(values) for key, values in medians.items()})


def idle(quick: bool) -> dict:
    """How often the threads of a process run while 8 of its waits are blocked."""
    seconds = 3 if quick else 30

    def look(pid: int) -> dict:
        before = switches(pid)
        time.sleep(seconds)
        return {"wake_ups": switches(pid) - before, "seconds": seconds}

    peers = (FLOOR, CURL_EASY, CURL_MULTI, UREQ_AGENT, LIBANCHOR, STARTED, *SDKS)
    with ThreadPoolExecutor(len(peers)) as pool:
        found = pool.map(lambda peer: blocked(peer, False, 8, look), peers)
        result = {
            ("plain", peer.key): {name: one[name] for name in ("wake_ups", "seconds")}
            for peer, one in zip(peers, found)
        }
    return cases("context switches", result)


def deadline(quick: bool) -> dict:
    """How much later than its timeout a wait returns if the server never answers."""
    counts = {100: 20, 1000: 2, 10000: 1, 60000: 1} if quick else {100: 100, 1000: 20, 10000: 6, 60000: 1}
    processes = {100: 1, 1000: 1, 10000: 1, 60000: 1 if quick else 5}
    peers = COMPILED + SDKS
    started = []
    with listeners.silent_listener() as listener:
        for timeout, count in counts.items():
            for peer in peers:
                for _ in range(processes[timeout]):
                    # They must not end in the same millisecond.
                    time.sleep(0.05)
                    process = start(peer, environment_of(listener), "deadline", count, timeout)
                    started.append((timeout, peer, process))
        late = defaultdict(list)
        for timeout, peer, process in started:
            late[f"{timeout} ms", peer.key] += result_of(process)["late"]
    kept = {
        key: {"median": significant(median(v)), "worst": significant(max(v)), "samples": len(v)}
        for key, v in late.items()
    }
    return cases("us", kept)


def cancel(quick: bool) -> dict:
    """From the moment that a wait is cancelled, in each of its phases, until it has returned."""
    hole, silent, unavailable = listeners.black_hole(), listeners.silent_listener(), listeners.unavailable_listener()
    phases = {
        "connect": (hole[0], "http"),
        "tls": (silent, "https"),
        "wait": (silent, "http"),
        "backoff": (unavailable, "http"),
    }
    result = {}
    for phase, (listener, scheme) in phases.items():
        for peer in (FLOOR, CURL_EASY, CURL_MULTI, LIBANCHOR):
            # The floor connects before it can be cancelled, and only libanchor backs off.
            if (peer is FLOOR and phase != "wait") or (phase == "backoff" and peer is not LIBANCHOR):
                continue
            # libcurl's easy interface notices a cancel once a second.
            count = 5 if peer is CURL_EASY else 200 if quick else 1000
            late = measure(peer, environment_of(listener, scheme), "cancel", count)["late"]
            result[phase, peer.key] = {
                "p50": significant(median(late)),
                "p99": significant(quantile(late, 0.99)),
                "worst": significant(max(late)),
                "samples": count,
            }
    for one in (*hole, silent, unavailable):
        one.close()
    return cases("us", result)


def throughput(quick: bool) -> dict:
    """Waits a second for events that were signaled, by several threads."""
    rates = defaultdict(list)
    with EventServer() as server:
        for _ in range(2 if quick else 3):
            for threads in (1, 2, 8, 64):
                for peer in COMPILED:
                    count = 2048 if quick else 4096
                    server.signal(count=count + threads)
                    rates[f"{threads} threads", peer.key] += measure(
                        peer, server.environment, "throughput", threads, count
                    )["rate"]
    return cases("waits a second", {key: rounds(values) for key, values in rates.items()})


def size(quick: bool) -> dict:
    """Bytes on the disk: of the library, and of what a program would load instead."""
    return {
        "unit": "bytes",
        **size_of_library(),
        "libanchor.so needs": needs(library()),
        "libcurl and cJSON need": needs(BUILD / "curl"),
    }


def needs(binary: Path) -> dict[str, int]:
    """The shared libraries that it loads, without those of the C library, which every program loads."""
    of_c = ("libc.so", "libm.so", "ld-linux", "linux-vdso", "libpthread", "libdl", "librt", "libresolv")
    loaded = re.findall(r"^\s*(\S+) => (/\S+)", run(["ldd", binary]), re.M)
    kept = {name: Path(path) for name, path in loaded if not name.startswith(of_c)}
    return {name: path.resolve().stat().st_size for name, path in sorted(kept.items())}


def build(quick: bool) -> dict:
    """Seconds for a release build from the sources alone, and the number of crates."""
    tree = ["cargo", "tree", "--package", "anchor-events", "--edges", "normal", "--prefix", "none", "--format", "{p}"]
    crates = {line.removesuffix(" (*)") for line in run(tree).splitlines()}
    result = {"unit": "seconds", "crates": len(crates) - 1}
    if not quick:
        folder = tempfile.mkdtemp(prefix="anchor-bench-")
        begin = time.monotonic()
        run(LIBRARY, env={**os.environ, "CARGO_TARGET_DIR": folder})
        result["library"] = round(time.monotonic() - begin)
        shutil.rmtree(folder)
    return result


def cases(unit: str, found: dict) -> dict:
    """From {(case, peer): figures} to the form that is kept."""
    kept = defaultdict(dict)
    for (case, peer), figures in found.items():
        kept[case][peer] = figures
    return {"unit": unit, "cases": kept}


# In the order of a run: those that sleep first, those that load the machine last.
ALL = (
    deadline,
    idle,
    warm,
    wake,
    cold,
    handshake,
    work,
    breakdown,
    cancel,
    memory,
    many,
    beside,
    throughput,
    size,
    build,
)
