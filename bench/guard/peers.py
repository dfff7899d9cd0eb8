"""What is measured: libanchor and what a user would take instead, built and ready to run."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
TARGET = (ROOT / os.environ.get("CARGO_TARGET_DIR", "target")).resolve()
BUILD = TARGET / "bench"

# The server has a core of its own, where there are two.
CORES = sorted(os.sched_getaffinity(0))
CLIENT_CORE, SERVER_CORE = CORES[0], CORES[-1]

LIBRARY = "cargo rustc --release --package anchor-events --lib --crate-type cdylib,staticlib".split()
CC = "cc -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror".split()
DRIVER = ["driver/main.c", "driver/service.c", "driver/threads.c"]
CURL = ["peers/curl_request.c", "-lcurl", "-lcjson"]
ANCHOR = [f"-I{ROOT}/include", f"-L{BUILD}", "-lanchor", f"-Wl,-rpath,{BUILD}"]
UREQ = [str(BUILD / "cargo/release/libureq_peer.a"), "-lm"]
PROGRAMS = {
    "floor": [*DRIVER, "peers/floor.c", "peers/crowd_threads.c"],
    "curl": [*DRIVER, "peers/curl_easy.c", "peers/crowd_threads.c", *CURL],
    "curl-multi": [*DRIVER, "peers/curl_multi.c", *CURL],
    "ureq": [*DRIVER, "peers/crowd_threads.c", *UREQ],
    "anchor": [*DRIVER, "peers/anchor.c", "peers/crowd_threads.c", *ANCHOR],
    "anchor-started": [*DRIVER, "peers/anchor.c", "peers/anchor_started.c", *ANCHOR],
    "signals": ["driver/signals.c", "driver/service.c"],
    "launch": ["driver/launch.c"],
}


@dataclass(frozen=True)
class Peer:
    key: str
    label: str
    command: tuple[str, ...]


def program(key: str, label: str) -> Peer:
    return Peer(key, label, (str(BUILD / key),))


FLOOR = program("floor", "bare socket")
CURL_EASY = program("curl", "libcurl easy + cJSON")
CURL_MULTI = program("curl-multi", "libcurl multi + cJSON")
UREQ_AGENT = program("ureq", "ureq + serde_json")
LIBANCHOR = program("anchor", "libanchor")
STARTED = program("anchor-started", "libanchor, started waits")
PYTHON = Peer("python", "Python SDK", (str(BUILD / "python/bin/python"), str(BENCH / "peers/python/peer.py")))
NODE = Peer("node", "TypeScript SDK", ("node", str(BUILD / "node/peer.mjs")))
COMPILED = (FLOOR, CURL_EASY, UREQ_AGENT, LIBANCHOR)
SDKS = (PYTHON, NODE)
ALL = (FLOOR, LIBANCHOR, STARTED, CURL_EASY, CURL_MULTI, UREQ_AGENT, PYTHON, NODE)
LABELS = {peer.key: peer.label for peer in ALL}


def run(command, **options) -> str:
    """The output of a command that has to succeed; what it says otherwise is shown if it does not."""
    command = [str(word) for word in command]
    done = subprocess.run(command, **{"cwd": ROOT} | options, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def build_library() -> None:
    run(LIBRARY)
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("libanchor.so", "libanchor.so.0"):
        (BUILD / name).unlink(missing_ok=True)
        (BUILD / name).symlink_to(TARGET / "release/libanchor.so")


def build_program(name: str) -> None:
    run([*CC, *PROGRAMS[name], "-o", BUILD / name, "-lpthread"], cwd=BENCH)


def build_ureq() -> None:
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD / "cargo")}
    run(["cargo", "build", "--release", "--locked"], cwd=BENCH / "peers/ureq", env=environment)


def build_sdks() -> None:
    run([sys.executable, "-m", "venv", BUILD / "python"])
    pip = [BUILD / "python/bin/pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--requirement", BENCH / "peers/python/requirements.txt"])
    (BUILD / "node").mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", "peer.mjs"):
        (BUILD / "node" / name).write_text((BENCH / "peers/node" / name).read_text())
    run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"], cwd=BUILD / "node")


def build_all() -> None:
    build_library()
    run(["make", "release"])
    build_ureq()
    build_sdks()
    for name in PROGRAMS:
        build_program(name)


def pinned(core: int) -> list[str]:
    return ["taskset", "--cpu-list", str(core)] if len(CORES) > 1 else []


def start(peer: Peer, environment: dict[str, str], *words) -> subprocess.Popen:
    command = [*pinned(CLIENT_CORE), *peer.command, *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env={**os.environ, **environment}, stdin=pipe, stdout=pipe, text=True)


def result_of(process: subprocess.Popen) -> dict:
    """What it printed: the members of its lines of JSON."""
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(process.args)}: exit status {process.returncode}")
    return {name: value for line in output.splitlines() for name, value in json.loads(line).items()}


def measure(peer: Peer, environment: dict[str, str], *words) -> dict:
    return result_of(start(peer, environment, *words))
