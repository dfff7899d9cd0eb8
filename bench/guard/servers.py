"""What is measured against: `anchor-events serve` in a process of its own, and servers that do not answer as they should."""

import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

from peers import BENCH, SERVER_CORE, TARGET, pinned

KEY = "bench"
BODY = b'{"data":{"code":"123456"}}'


class Server:
    """A process that prints its address, and with TLS the path of its authority."""

    def __init__(self, command, tls: bool):
        self.process = subprocess.Popen([*pinned(SERVER_CORE), *map(str, command)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.ca_file = self.process.stdout.readline().strip() if tls else None
        self.address = ("127.0.0.1", int(self.url.rpartition(":")[2]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    @property
    def environment(self) -> dict[str, str]:
        """What makes each peer use it, and trust it and nobody else."""
        environment = {"ANCHORBROWSER_BASE_URL": self.url, "ANCHORBROWSER_API_KEY": KEY}
        if self.ca_file:
            names = ("ANCHOR_BENCH_CA_FILE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
            environment |= {name: self.ca_file for name in names} | {"SSL_CERT_DIR": ""}
        return environment

    def signal(self, event: str = "bench", count: int = 1) -> None:
        """Nothing to do for one that has an event for every wait."""


class EventServer(Server):
    """`anchor-events serve`, which keeps as many signals as it is sent."""

    def __init__(self, tls: bool = False, profile: str = "command"):
        options = ["--port", "0", "--queue-limit", "1000000", "--admin-token", KEY, *(["--tls"] if tls else [])]
        super().__init__([TARGET / profile / "anchor-events", "serve", *options], tls)
        self.connection = socket.create_connection(self.address)
        if tls:
            context = ssl.create_default_context(cafile=self.ca_file)
            self.connection = context.wrap_socket(self.connection, server_hostname="127.0.0.1")

    def __exit__(self, *_):
        self.connection.close()
        super().__exit__()

    def signal(self, event: str = "bench", count: int = 1) -> None:
        """Many at a time, since most measurements want thousands of them in the queue."""
        request = (
            f"POST /v1/events/{event} HTTP/1.1\r\nhost: bench\r\nanchor-api-key: {KEY}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n"
        ).encode() + BODY
        for batch in [50] * (count // 50) + [count % 50] * (count % 50 > 0):
            self.connection.sendall(request * batch)
            self._receive_answers(batch)

    def _receive_answers(self, count: int) -> None:
        answers = b""
        while answers.count(b'"signaled"}}') < count:
            answers += self.connection.recv(65536) or sys.exit("anchor-events serve has gone")

    def waiting(self) -> int:
        """How many waits it holds."""
        if self.ca_file:
            context = ssl.create_default_context(cafile=self.ca_file)
            admin = http.client.HTTPSConnection(*self.address, context=context)
        else:
            admin = http.client.HTTPConnection(*self.address)
        admin.request("GET", "/admin/state", headers={"anchor-admin-token": KEY})
        state = json.load(admin.getresponse())
        admin.close()
        return state["waitingCount"]

    def await_waiting(self, count: int) -> None:
        deadline = time.monotonic() + 120
        while self.waiting() != count:
            if time.monotonic() > deadline:
                sys.exit(f"{self.waiting()} waits are blocked instead of {count}")
            time.sleep(0.05)


class ClosingServer(Server):
    """Answers each wait over TLS and closes the connection: what comes next is a handshake, new or resumed."""

    def __init__(self, resumes: bool):
        command = [sys.executable, BENCH / "closing_server.py", "resumes" if resumes else "forgets"]
        super().__init__(command, tls=True)


def silent_listener(backlog: int = 4096) -> socket.socket:
    """Connections are made, since the kernel makes them, and nobody says a word."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
    return listener


def black_hole() -> list[socket.socket]:
    """The first of these is a listener with a full queue, at which one more connection is never made."""
    listener = silent_listener(backlog=0)
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
    return [listener, *fillers]


def unavailable_listener() -> socket.socket:
    """Answers each request with 503 and a Retry-After that a wait of a minute has time for."""
    listener = silent_listener()
    answer = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 20\r\ncontent-length: 0\r\n\r\n"

    def serve():
        held = []
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            connection.recv(65536)
            connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return listener


def environment_of(listener: socket.socket, scheme: str = "http") -> dict[str, str]:
    url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    return {"ANCHORBROWSER_BASE_URL": url, "ANCHORBROWSER_API_KEY": KEY}


def certificate(folder: Path) -> tuple[Path, Path, Path]:
    """An authority, and a chain and key for 127.0.0.1, of P-256 as `anchor-events serve` has them."""
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    ca, ca_key, chain, key = (folder / name for name in ("ca.pem", "ca.key", "chain.pem", "key.pem"))
    openssl = ["openssl", "req", "-x509", *new_key]
    subject = ["-subj", "/CN=bench authority", "-keyout", ca_key, "-out", ca]
    constraints = ["-addext", "keyUsage=critical,keyCertSign"]
    leaf = ["-CA", ca, "-CAkey", ca_key, "-subj", "/CN=bench", "-keyout", key, "-out", chain]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    for command in ([*openssl, *subject, *constraints], [*openssl, *leaf, *names]):
        subprocess.run(list(map(str, command)), check=True, stderr=subprocess.DEVNULL)
    return ca, chain, key
