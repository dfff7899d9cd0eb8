"""The machine and the versions that the figures were taken with."""

import os
import platform
import re
import time
from pathlib import Path

from bench.compare.alternatives import ALL
from bench.guard import peers


def description() -> dict:
    cpu = re.search(r"model name\s+: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    release = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": cpu[1] if cpu else platform.processor(),
        "cores": len(peers.CORES),
        "pinned": len(peers.CORES) > 1,
        "memory_gib": round(int(memory[1]) / 1024 / 1024),
        "kernel": f"Linux {platform.release()}",
        "system": release[1],
        "libc": " ".join(platform.libc_ver()),
        "compilers": [peers.run(["cc", "--version"]).splitlines()[0], peers.run(["rustc", "--version"]).strip()],
        "governor": governor(),
        "load": round(os.getloadavg()[0], 1),
        "peers": {peer.key: peers.measure(peer, {}, "name")["name"] for peer in ALL},
    }


def governor() -> str:
    path = Path(f"/sys/devices/system/cpu/cpu{peers.CLIENT_CORE}/cpufreq/scaling_governor")
    return path.read_text().strip() if path.exists() else "not visible"
