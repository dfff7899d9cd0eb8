"""What a user would take instead of libanchor, built and ready to run, and the programs that only comparisons need."""

import os
import shutil
import sys
from pathlib import Path

from bench.guard import many, servers
from bench.guard.peers import (
    BUILD,
    CROWD,
    CROWD_MANY,
    FLOOR,
    GUARD,
    LIBANCHOR,
    LIBRARY,
    MANY_QUEUE,
    QUEUE,
    STARTED,
    Peer,
    build,
    build_library,
    built,
    driven,
    driven_many,
    run,
)

SOURCES = Path(__file__).resolve().parent / "peers"
CURL = [SOURCES / "curl_request.c", "-lcurl", "-lcjson"]
UREQ_LIBRARY = BUILD / "libureq_peer.a"

CURL_EASY = driven("curl", "libcurl easy + cJSON", SOURCES / "curl_easy.c", CROWD, *CURL)
CURL_MULTI = driven(
    "curl-multi", "libcurl multi + cJSON", SOURCES / "curl_multi.c", SOURCES / "curl_many.c", CROWD_MANY, *CURL
)
UREQ_AGENT = driven("ureq", "ureq + serde_json", CROWD, UREQ_LIBRARY, "-lm")
PYTHON = Peer("python", "Python SDK", (str(BUILD / "python/bin/python"), str(SOURCES / "python/peer.py")))
NODE = Peer("node", "TypeScript SDK", ("node", str(BUILD / "node/peer.mjs")))

# Started waits as they were before the reactor: a thread each.
THREADS_COMMIT = "7e02c3a"
THREADS = BUILD / "threads"
ANCHOR_THREADS = [
    GUARD / "peers/anchor_started.c",
    GUARD / "peers/anchor_client.c",
    f"-I{THREADS}/source/include",
    f"-L{THREADS}",
    "-lanchor",
    f"-Wl,-rpath,{THREADS}",
]

MANY_FLOOR = driven_many("epoll", "bare epoll", GUARD / "peers/floor_epoll.c")
MANY_CURL = driven_many("curl-multi", "libcurl multi + cJSON", SOURCES / "curl_many.c", *CURL)
MANY_TUNED = driven_many("curl-multi-tuned", "libcurl multi, tuned", "-DTUNED", SOURCES / "curl_many.c", *CURL)
MANY_THREADS = driven_many("anchor-threads", "libanchor, thread each", *ANCHOR_THREADS)
MANY = (MANY_FLOOR, MANY_CURL, MANY_TUNED, MANY_THREADS, MANY_QUEUE)

COMPILED = (FLOOR, CURL_EASY, UREQ_AGENT, LIBANCHOR)
SDKS = (PYTHON, NODE)
ALL = (FLOOR, LIBANCHOR, STARTED, QUEUE, CURL_EASY, CURL_MULTI, UREQ_AGENT, PYTHON, NODE)
LABELS = {peer.key: peer.label for peer in (*MANY, *ALL)}

# Not peers: one signals the events, the other measures from the start of a process.
DRIVER = GUARD / "driver"
SIGNALS = Peer("signals", "", (str(BUILD / "signals"),), (DRIVER / "signals.c", DRIVER / "service.c"))
LAUNCH = Peer("launch", "", (str(BUILD / "launch"),), (DRIVER / "launch.c",))


def build_all() -> None:
    build_library()
    servers.command("command")
    build_ureq()
    build_sdks()
    build_threads()
    many.build_server()
    for program in (*ALL, *MANY, SIGNALS, LAUNCH):
        if program.sources:
            build(program)


def build_ureq() -> None:
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD / "cargo")}
    command = ["cargo", "build", "--release", "--locked"]
    shutil.copy(built(command, UREQ_LIBRARY.name, cwd=SOURCES / "ureq", env=environment), UREQ_LIBRARY)


def build_threads() -> None:
    """From the history of this repository, once."""
    source, name = THREADS / "source", "libanchor.so"
    if (THREADS / name).exists():
        return
    source.mkdir(parents=True, exist_ok=True)
    archive = BUILD / "threads.tar"
    run(["git", "archive", "--output", archive, THREADS_COMMIT])
    run(["tar", "--extract", "--file", archive, "--directory", source])
    environment = {**os.environ, "CARGO_TARGET_DIR": str(THREADS / "build")}
    for link in (name, f"{name}.0"):
        (THREADS / link).symlink_to(built(LIBRARY, name, cwd=source, env=environment))


def build_sdks() -> None:
    run([sys.executable, "-m", "venv", BUILD / "python"])
    pip = [BUILD / "python/bin/pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--requirement", SOURCES / "python/requirements.txt"])
    (BUILD / "node").mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", "peer.mjs"):
        (BUILD / "node" / name).write_text((SOURCES / "node" / name).read_text())
    run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"], cwd=BUILD / "node")
