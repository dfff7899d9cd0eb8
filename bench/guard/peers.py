"""The library and the programs that are measured: how they are built and run. The driver in C is the same for
each peer, so the peer alone makes the difference between two figures. The peers that need other libraries are in
compare/."""

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

GUARD = Path(__file__).resolve().parent
BENCH = GUARD.parent
ROOT = BENCH.parent
TARGET = (ROOT / os.environ.get("CARGO_TARGET_DIR", "target")).resolve()
BUILD = TARGET / "bench"

# The server has a core of its own, where there are two.
CORES = sorted(os.sched_getaffinity(0))
CLIENT_CORE, SERVER_CORE = CORES[0], CORES[-1]

LIBRARY = "cargo rustc --release --package anchor-events --lib --crate-type cdylib,staticlib".split()
CC = f"cc -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -I{GUARD}/peers".split()
DRIVER = [GUARD / "driver" / name for name in ("main.c", "service.c", "threads.c")]
MANY_DRIVER = [GUARD / "driver" / name for name in ("many.c", "service.c")]
CROWD = GUARD / "peers/crowd_threads.c"
CROWD_MANY = GUARD / "peers/crowd_many.c"
ANCHOR = [GUARD / "peers/anchor_client.c", f"-I{ROOT}/include", f"-L{BUILD}", "-lanchor", f"-Wl,-rpath,{BUILD}"]
ANCHOR_QUEUE = [GUARD / "peers/anchor_queue.c", *ANCHOR]


@dataclass(frozen=True)
class Peer:
    key: str
    label: str
    command: tuple[str, ...]
    sources: tuple = ()


def driven(key: str, label: str, *sources) -> Peer:
    """The driver, linked with this peer."""
    return Peer(key, label, (str(BUILD / key),), (*DRIVER, *sources))


def driven_many(key: str, label: str, *sources) -> Peer:
    """The driver of many waits, linked with this peer."""
    return Peer(key, label, (str(BUILD / f"many-{key}"),), (*MANY_DRIVER, *sources))


FLOOR = driven("floor", "bare socket", GUARD / "peers/floor.c", CROWD)
LIBANCHOR = driven("anchor", "libanchor", GUARD / "peers/anchor.c", CROWD, *ANCHOR)
STARTED = driven(
    "anchor-started",
    "libanchor, started waits",
    GUARD / "peers/anchor.c",
    GUARD / "peers/anchor_started.c",
    CROWD_MANY,
    *ANCHOR,
)
QUEUE = driven("anchor-queue", "libanchor, queue", CROWD_MANY, *ANCHOR_QUEUE)
MANY_QUEUE = driven_many("anchor-queue", "libanchor, queue", *ANCHOR_QUEUE)


def run(command, **options) -> str:
    """The output of a command that has to succeed. If it fails, its output is shown."""
    command = [str(word) for word in command]
    done = subprocess.run(command, **{"cwd": ROOT} | options, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def built(command, name: str, **options) -> Path:
    """Where cargo put this file: that depends on its variables and settings, so its own messages are read."""
    messages = [json.loads(line) for line in run([*command, "--message-format=json"], **options).splitlines()]
    files = [Path(file) for message in messages for file in message.get("filenames", [])]
    return next((file for file in files if file.name == name), None) or sys.exit(f"cargo did not say where {name} is")


@functools.cache
def library(name: str = "libanchor.so") -> Path:
    """As it is shipped."""
    without_paths = run(["sh", "packaging/paths.sh", "--config"]).strip()
    return built([*LIBRARY, "--config", without_paths], name)


def build_library() -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("libanchor.so", "libanchor.so.0"):
        (BUILD / name).unlink(missing_ok=True)
        (BUILD / name).symlink_to(library())


def build(peer: Peer) -> None:
    run([*CC, *peer.sources, "-o", *peer.command, "-lpthread"])


def pinned(core: int) -> list[str]:
    return ["taskset", "--cpu-list", str(core)] if len(CORES) > 1 else []


def start(peer: Peer, environment: dict[str, str], *words) -> subprocess.Popen:
    command = [*pinned(CLIENT_CORE), *peer.command, *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env={**os.environ, **environment}, stdin=pipe, stdout=pipe, text=True)


def result_of(process: subprocess.Popen) -> dict:
    """The members of the lines of JSON that it printed."""
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(process.args)}: exit status {process.returncode}")
    return {name: value for line in output.splitlines() for name, value in json.loads(line).items()}


def measure(peer: Peer, environment: dict[str, str], *words) -> dict:
    return result_of(start(peer, environment, *words))
