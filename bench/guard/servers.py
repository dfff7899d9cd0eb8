"""The server of the measurements: `anchor-events serve` in a process of its own."""

import functools
import http.client
import json
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

from bench.guard.peers import ROOT, SERVER_CORE, built, pinned

KEY = "bench"
BODY = b'{"data":{"code":"123456"}}'


class Server:
    """A process that prints its address, and with TLS the path of its certificate authority."""

    def __init__(self, command, tls: bool):
        command = [*pinned(SERVER_CORE), *map(str, command)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
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
        """The variables that make each peer use this server, and trust its authority alone."""
        environment = {"ANCHORBROWSER_BASE_URL": self.url, "ANCHORBROWSER_API_KEY": KEY}
        if self.ca_file:
            names = ("ANCHOR_BENCH_CA_FILE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
            environment |= {name: self.ca_file for name in names} | {"SSL_CERT_DIR": ""}
        return environment

    def signal(self, event: str = "bench", count: int = 1) -> None:
        """Does nothing here: a server that has an event for each wait needs no signal."""


@functools.cache
def command(profile: str) -> Path:
    return built(["cargo", "build", "--package", "anchor-events-cli", "--profile", profile], "anchor-events")


class SignaledServer(Server):
    """Holds waits, and keeps each signal until a wait takes it. Signals go over one connection."""

    def connect(self) -> None:
        self.connection = socket.create_connection(self.address)

    def __exit__(self, *_):
        self.connection.close()
        super().__exit__()

    def waiting(self) -> int:
        """The number of waits that it holds."""
        raise NotImplementedError

    def signal(self, event: str = "bench", count: int = 1) -> None:
        """Many at a time, because most measurements need thousands in the queue."""
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
            answers += self.connection.recv(65536) or sys.exit("the server has ended")

    def await_waiting(self, count: int) -> None:
        deadline = time.monotonic() + 300
        while self.waiting() != count:
            if time.monotonic() > deadline:
                sys.exit(f"{self.waiting()} waits are blocked instead of {count}")
            time.sleep(0.05)


class EventServer(SignaledServer):
    """`anchor-events serve`."""

    def __init__(self, tls: bool = False, profile: str = "command"):
        options = ["--port", "0", "--queue-limit", "1000000", "--admin-token", KEY, *(["--tls"] if tls else [])]
        super().__init__([command(profile), "serve", *options], tls)
        self.connect()
        if tls:
            context = ssl.create_default_context(cafile=self.ca_file)
            self.connection = context.wrap_socket(self.connection, server_hostname="127.0.0.1")

    def waiting(self) -> int:
        if self.ca_file:
            context = ssl.create_default_context(cafile=self.ca_file)
            admin = http.client.HTTPSConnection(*self.address, context=context)
        else:
            admin = http.client.HTTPConnection(*self.address)
        admin.request("GET", "/admin/state", headers={"anchor-admin-token": KEY})
        state = json.load(admin.getresponse())
        admin.close()
        return state["waitingCount"]
