"""Many waits blocked at once: what they cost, how long their start and end take, and how soon one of them is woken."""

import math
import time
from collections import defaultdict
from contextlib import ExitStack

from bench.compare.alternatives import MANY, MANY_CURL, MANY_FLOOR, MANY_QUEUE, MANY_THREADS, MANY_TUNED, QUEUE, SIGNALS
from bench.compare.figures import median, quantile, rounds, significant
from bench.guard import many as guard
from bench.guard.counts import instructions_of_process, system_calls
from bench.guard.many import Crowd, CrowdServer
from bench.guard.peers import SERVER_CORE, Peer, measure, pinned
from bench.guard.process import cpu_us, switches
from bench.guard.servers import EventServer

# Of one address towards another. Linux has 28,232 and looks for a free one among every second of them first: each connection
# beyond that half looks at all of it in vain, for 3 ms.
PORTS = 14_000
# Of a started wait with a thread of its own, as it was.
THREADS_DESCRIPTORS = 3

# (waits, rounds). Of the largest, the clients and servers are as many processes as the limit of descriptors demands.
SIZES = {"plain": ((1_000, 5), (10_000, 5), (100_000, 1)), "tls": ((1_000, 3), (10_000, 3))}
QUICK = {"plain": ((1_000, 2),), "tls": ((1_000, 1),)}
WAKES = 2_000

REARMED, REARM_SLICE_S, LIBRARY_SLICE_S = 10_000, 5, 50


def many(quick: bool) -> dict:
    """Started by one thread and held by a server that does nothing else: libanchor's queue, libcurl, threads, epoll."""
    lives = defaultdict(list)
    for case, sizes in (QUICK if quick else SIZES).items():
        for size, count in sizes:
            for _ in range(count):
                for peer in able(case, size):
                    lives[case, size, peer.key].append(life(peer, case == "tls", size, idle_s=1 if quick else 5))
    cases = defaultdict(dict)
    for (case, size, key), found in lives.items():
        cases[f"{case} {size}"][key] = summary(found)
    return {
        "limit": guard.limit(),
        "cases": cases,
        "rearm": rearm(1_000 if quick else REARMED, 6 if quick else 20),
        "warm": warm(quick),
    }


def able(case: str, size: int) -> list[Peer]:
    """The floor speaks plain HTTP only. Threads are not spread over processes."""
    return [
        peer
        for peer in MANY
        if not (peer is MANY_FLOOR and case == "tls") and not (peer is MANY_THREADS and size > 10_000)
    ]


def shares(peer: Peer, size: int) -> list[int]:
    """How many waits each process has. Threads are as many as the limit of descriptors allows to one process."""
    if peer is MANY_THREADS:
        return [min(size, guard.limit() // THREADS_DESCRIPTORS)]
    processes = math.ceil(size / min(guard.limit(), PORTS))
    return [size // processes + (number < size % processes) for number in range(processes)]


def life(peer: Peer, tls: bool, size: int, idle_s: int) -> dict:
    """All waits are started, stay blocked for a while, some are woken one by one, and all are cancelled."""
    sizes = shares(peer, size)
    wakes = min(WAKES, size) // len(sizes)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(CrowdServer(share, tls, f"127.0.0.{number + 1}")) for number, share in enumerate(sizes)
        ]
        crowds = [Crowd(peer, server, share, wakes) for server, share in zip(servers, sizes)]
        for crowd in crowds:
            crowd.start()
        each = [crowd.blocked() for crowd in crowds]
        idle = at_rest(crowds, idle_s)
        started = [crowd.started() for crowd in crowds]
        late = [one for crowd in crowds for one in wake_latencies(crowd, wakes)]
        woken_cpu = sum(crowd.wakes_cpu_us for crowd in crowds)
        for crowd in crowds:
            crowd.cancel()
        cancelled = [crowd.cancelled() for crowd in crowds]
    return {
        "waits": sum(sizes),
        "processes": len(sizes),
        # The kernel's memory was seen for all processes together.
        "each": {
            name: median(one[name] for one in each) / (len(each) if name == "kernel_of_machine" else 1)
            for name in each[0]
        },
        "idle": idle,
        "start_cpu_ms": sum(one["cpu_us"] for one in started) / 1000,
        "start_ms": (max(one["held_us"] for one in started) - min(one["began_us"] for one in started)) / 1000,
        "late": late,
        "wake_cpu_us": woken_cpu / len(late),
        "cancel_ms": max(one["took_us"] for one in cancelled) / 1000,
        "cancel_cpu_ms": sum(one["cpu_us"] for one in cancelled) / 1000,
    }


def at_rest(crowds: list[Crowd], seconds: float) -> dict:
    pids = [crowd.process.pid for crowd in crowds]
    before = sum(map(switches, pids)), sum(map(cpu_us, pids))
    time.sleep(seconds)
    after = sum(map(switches, pids)), sum(map(cpu_us, pids))
    return {"seconds": seconds, "wake_ups": after[0] - before[0], "cpu_us": after[1] - before[1]}


def wake_latencies(crowd: Crowd, count: int) -> list[float]:
    """From the `send` of a signal until its wait was taken, one at a time in random order."""
    command = [*pinned(SERVER_CORE), *SIGNALS.command, count, 700, 1700, crowd.size]
    environment = crowd.server.environment | {"ANCHORBROWSER_BASE_URL": crowd.server.control}
    signals = measure(Peer("signals", "", tuple(map(str, command))), environment)
    sent = dict(zip(signals["order"], signals["sent"]))
    found = crowd.woken()
    crowd.wakes_cpu_us = found["cpu_us"]
    return [at - sent[wait] for wait, at in zip(found["woken"], found["at"])]


def summary(lives: list[dict]) -> dict:
    """Counts are those of the median, times have their spread."""
    late = [one for life in lives for one in life["late"]]
    idle = [life["idle"] for life in lives]
    return {
        "waits": lives[0]["waits"],
        "processes": lives[0]["processes"],
        "each": {name: significant(median(life["each"][name] for life in lives)) for name in lives[0]["each"]},
        "idle": {name: significant(sum(one[name] for one in idle)) for name in idle[0]},
        "wake_us": {
            "p50": rounds([median(life["late"]) for life in lives]),
            "p99": rounds([quantile(life["late"], 0.99) for life in lives]),
            "p99.9": significant(quantile(late, 0.999)),
            "samples": len(late),
        },
    } | {
        name: rounds([life[name] for life in lives])
        for name in ("start_cpu_ms", "start_ms", "wake_cpu_us", "cancel_ms", "cancel_cpu_ms")
    }


def rearm(size: int, seconds: float) -> dict:
    """The processor while each wait asks again at the end of its slice: shorter slices here than the library's, so that
    enough requests are counted."""
    found = {}
    asked = {"plain": (MANY_FLOOR, MANY_CURL, MANY_TUNED, MANY_QUEUE), "tls": (MANY_TUNED, MANY_QUEUE)}
    for case, peer in ((case, peer) for case, peers in asked.items() for peer in peers):
        with CrowdServer(size, case == "tls") as server:
            crowd = Crowd(peer, server, size, slice_ms=REARM_SLICE_S * 1000)
            crowd.start()
            # Until the first slices are over, so that what is counted does not depend on how the waits were started.
            while server.state()["requests"] < 2 * size + 1:
                time.sleep(0.1)
            before = server.state()["requests"], cpu_us(crowd.process.pid), time.monotonic()
            time.sleep(seconds)
            after = server.state()["requests"], cpu_us(crowd.process.pid), time.monotonic()
            crowd.end()
        requests, cpu, took = (b - a for a, b in zip(before, after))
        each = cpu / requests
        found[f"{case} {peer.key}"] = {
            "waits": size,
            "slice_s": REARM_SLICE_S,
            "seconds": significant(took),
            "requests": requests,
            "cpu_us_each": significant(each),
            # Calculated: of one processor, with the library's slice.
            "percent_at_50_s": significant(100 * each / 1e6 * size / LIBRARY_SLICE_S),
        }
    return found


def warm(quick: bool) -> dict:
    """One wait at a time through the queue."""
    result = {}
    for case in ("plain", "tls"):
        with EventServer(case == "tls") as server:
            medians = []
            for _ in range(1 if quick else 5):
                server.signal(count=1002)
                times = measure(QUEUE, server.environment, "waits", 1000)
                medians.append(median(b - a for a, b in zip(times["began"], times["answered"])))
            calls = system_calls(QUEUE, server, 50, 250)
            result[case] = {
                "us": rounds(medians),
                "instructions": instructions_of_process(QUEUE, server, 50, 250),
                "instructions_beside_another": instructions_of_process(QUEUE, server, 50, 250, crowd=1),
                "system_calls": sum(calls.values()),
                "calls": calls,
            }
    return result
