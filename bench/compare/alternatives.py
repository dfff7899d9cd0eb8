"""What a user would take instead of libanchor, built and ready to run, and the programs that only comparisons need."""

import os
import shutil
import sys
from pathlib import Path

from bench.guard import servers
from bench.guard.peers import (
    BUILD,
    CROWD,
    FLOOR,
    GUARD,
    LIBANCHOR,
    STARTED,
    Peer,
    build,
    build_library,
    built,
    driven,
    run,
)

SOURCES = Path(__file__).resolve().parent / "peers"
CURL = [SOURCES / "curl_request.c", "-lcurl", "-lcjson"]
UREQ_LIBRARY = BUILD / "libureq_peer.a"

CURL_EASY = driven("curl", "libcurl easy + cJSON", SOURCES / "curl_easy.c", CROWD, *CURL)
CURL_MULTI = driven("curl-multi", "libcurl multi + cJSON", SOURCES / "curl_multi.c", *CURL)
UREQ_AGENT = driven("ureq", "ureq + serde_json", CROWD, UREQ_LIBRARY, "-lm")
PYTHON = Peer("python", "Python SDK", (str(BUILD / "python/bin/python"), str(SOURCES / "python/peer.py")))
NODE = Peer("node", "TypeScript SDK", ("node", str(BUILD / "node/peer.mjs")))

COMPILED = (FLOOR, CURL_EASY, UREQ_AGENT, LIBANCHOR)
SDKS = (PYTHON, NODE)
ALL = (FLOOR, LIBANCHOR, STARTED, CURL_EASY, CURL_MULTI, UREQ_AGENT, PYTHON, NODE)
LABELS = {peer.key: peer.label for peer in ALL}

# Not peers: one signals the events, the other measures from the start of a process.
DRIVER = GUARD / "driver"
SIGNALS = Peer("signals", "", (str(BUILD / "signals"),), (DRIVER / "signals.c", DRIVER / "service.c"))
LAUNCH = Peer("launch", "", (str(BUILD / "launch"),), (DRIVER / "launch.c",))


def build_all() -> None:
    build_library()
    servers.command("command")
    build_ureq()
    build_sdks()
    for program in (*ALL, SIGNALS, LAUNCH):
        if program.sources:
            build(program)


def build_ureq() -> None:
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD / "cargo")}
    command = ["cargo", "build", "--release", "--locked"]
    shutil.copy(built(command, UREQ_LIBRARY.name, cwd=SOURCES / "ureq", env=environment), UREQ_LIBRARY)


def build_sdks() -> None:
    run([sys.executable, "-m", "venv", BUILD / "python"])
    pip = [BUILD / "python/bin/pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--requirement", SOURCES / "python/requirements.txt"])
    (BUILD / "node").mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", "peer.mjs"):
        (BUILD / "node" / name).write_text((SOURCES / "node" / name).read_text())
    run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"], cwd=BUILD / "node")
