"""Many waits in one process: the server that holds them, and the process."""

import http.client
import json
import resource
import tempfile
import time
from pathlib import Path

from bench.guard import certificate, peers
from bench.guard.peers import Peer
from bench.guard.process import footprint, switches
from bench.guard.servers import SignaledServer

SOURCE = peers.GUARD / "server/crowd_server.c"
COMMAND = peers.BUILD / "crowd_server"

# Long enough that no wait is asked for again while it is measured.
SLICE_MS = 600_000


def build_server() -> None:
    peers.run([*peers.CC, SOURCE, "-o", COMMAND, "-lssl", "-lcrypto"])


def limit() -> int:
    """How many waits of one descriptor fit into a process, beside what it needs itself."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100


class CrowdServer(SignaledServer):
    """Holds the waits "crowd-0" to "crowd-SIZE-1" and takes signals on a port in clear."""

    def __init__(self, size: int, tls: bool, address: str = "127.0.0.1"):
        self.folder = tempfile.TemporaryDirectory()
        ca, *chain_and_key = certificate.certificate(Path(self.folder.name), address) if tls else (None,)
        super().__init__([COMMAND, address, size, *chain_and_key], tls=False)
        self.ca_file = str(ca) if tls else None
        self.control = self.process.stdout.readline().strip()
        self.address = (address, int(self.control.rpartition(":")[2]))
        self.connect()

    def __exit__(self, *_):
        super().__exit__()
        self.folder.cleanup()

    def state(self) -> dict:
        """`waiting`, `requests`, and `held_us`: when the last wait came that is held."""
        connection = http.client.HTTPConnection(*self.address)
        connection.request("GET", "/state")
        state = json.load(connection.getresponse())
        connection.close()
        return state

    def waiting(self) -> int:
        return self.state()["waiting"]


class Crowd:
    """A process of driver/many.c with one peer, whose waits begin with `start`."""

    def __init__(self, peer: Peer, server: CrowdServer, size: int, wakes: int = 0, slice_ms: int = SLICE_MS):
        self.size, self.server = size, server
        self.process = peers.start(peer, server.environment, size, wakes, slice_ms)
        server.signal("crowd-0")
        self._line()
        self.before = footprint(self.process.pid)

    def start(self) -> None:
        self._go()

    def blocked(self) -> dict[str, float]:
        """What each wait costs the process. Memory is in KiB. Wait 0 has its connection from the start."""
        self.server.await_waiting(self.size)
        self._rest()
        after = footprint(self.process.pid)
        return {name: (after[name] - self.before[name]) / (self.size - 1) for name in after}

    def started(self) -> dict[str, float]:
        """When the first wait was started, when the server held the last, and the time on the processor."""
        held_us = self.server.state()["held_us"]
        self.server.signal("crowd-0")
        return {"began_us": self._number("began"), "held_us": held_us, "cpu_us": self._number("start_cpu")}

    def woken(self) -> dict:
        """After as many waits were signaled as were to be woken: which they were, and when each was taken."""
        return {"woken": self._list("woken"), "at": self._list("at"), "cpu_us": self._number("wakes_cpu")}

    def cancel(self) -> None:
        self._go()

    def cancelled(self) -> dict[str, float]:
        """How long it took to cancel all."""
        found = {"took_us": self._number("cancel"), "cpu_us": self._number("cancel_cpu")}
        peers.result_of(self.process)
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def _rest(self, patience_s: float = 10) -> None:
        """On a machine with other work, a process is still busy with the last answers when the server holds its waits."""
        end, before = time.monotonic() + patience_s, -1
        while before != (before := switches(self.process.pid)) and time.monotonic() < end:
            time.sleep(0.5)

    def _go(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def _line(self) -> str:
        return self.process.stdout.readline() or peers.result_of(self.process)

    def _list(self, name: str) -> list[float]:
        return json.loads(self._line())[name]

    def _number(self, name: str) -> float:
        return self._list(name)[0]


def each_blocked(peer: Peer, tls: bool, size: int) -> dict[str, float]:
    with CrowdServer(size, tls) as server:
        crowd = Crowd(peer, server, size)
        crowd.start()
        found = crowd.blocked()
        crowd.end()
    return found
