"""Runs a package's tests beside the local server: servers.py COMMAND...

The command finds in its environment

    ANCHORBROWSER_BASE_URL, ANCHORBROWSER_API_KEY   the server, and a key that it accepts; it accepts ANCHOR_TEST_KEY_2 as well
    ANCHOR_TEST_ADMIN_TOKEN                         for its /admin/state: how many waits it holds, and for which events
    ANCHOR_TEST_TLS_URL, ANCHOR_TEST_TLS_CA         the same over TLS, and the file of its certificate authority
    ANCHOR_TEST_PROXY, ANCHOR_TEST_PROXY_LOG        a proxy, and the file to which it writes a line for each tunnel
    ANCHOR_TEST_NOWHERE                             a URL at which nobody listens
    ANCHOR_TEST_SEEN                                the file to which the proxy writes what it is sent in clear

The server fails on purpose, for waits and signals of events with these names: status_400 and so on with that status, drop (the
event is taken and not answered), hang (never answered). anchor-events is taken from PATH.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

STATUSES = (400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504)
TOKEN = "test-token"
KEYS = ("test-key", "second-key")


def main() -> int:
    """Runs the command, and returns its exit code."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = settings(stack, folder)
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


def settings(stack: contextlib.ExitStack, folder: Path) -> dict[str, str]:
    """Starts the servers, and says where they are."""
    (url,) = start(stack, 1)
    tls_url, tls_ca = start(stack, 2, "--tls")
    log, seen = folder / "tunnels", folder / "seen"
    log.touch()
    seen.touch()
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {
        "ANCHORBROWSER_BASE_URL": url,
        "ANCHORBROWSER_API_KEY": KEYS[0],
        "ANCHOR_TEST_KEY_2": KEYS[1],
        "ANCHOR_TEST_ADMIN_TOKEN": TOKEN,
        "ANCHOR_TEST_TLS_URL": tls_url,
        "ANCHOR_TEST_TLS_CA": tls_ca,
        "ANCHOR_TEST_PROXY": proxy(stack, log, seen),
        "ANCHOR_TEST_PROXY_LOG": str(log),
        "ANCHOR_TEST_SEEN": str(seen),
        "ANCHOR_TEST_NOWHERE": nowhere(stack),
    }


def start(stack: contextlib.ExitStack, lines: int, *options: str) -> list[str]:
    """A server, and the lines that it prints when it is ready. It ends with the stack."""
    faults = [f"status_{code}=status:{code},on=both" for code in STATUSES]
    faults += ["drop=drop-after-consume,on=both", "hang=hang,on=both"]
    program = shutil.which("anchor-events") or sys.exit("anchor-events is not in PATH")
    command = [program, "serve", "--port", "0", "--log", "off", *options]
    command += [argument for fault in faults for argument in ("--fault", fault)]
    command += [argument for key in KEYS for argument in ("--api-key", key)]
    environment = os.environ | {"ANCHOR_SERVE_ADMIN_TOKEN": TOKEN}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment)
    stack.callback(server.wait)
    stack.callback(server.kill)
    assert server.stdout
    return [server.stdout.readline().strip() for _ in range(lines)]


def nowhere(stack: contextlib.ExitStack) -> str:
    """A port that is taken and not listened at, so that a connection is refused."""
    taken = stack.enter_context(socket.socket())
    taken.bind(("127.0.0.1", 0))
    return f"http://127.0.0.1:{taken.getsockname()[1]}"


def proxy(stack: contextlib.ExitStack, log: Path, seen: Path) -> str:
    """A proxy for CONNECT alone."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=tunnel, args=(client, log, seen), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def tunnel(client: socket.socket, log: Path, seen: Path) -> None:
    """One connection: its head, then bytes in both directions until an end closes."""
    with client:
        head = b""
        while b"\r\n\r\n" not in head:
            received = client.recv(4096)
            if not received:
                return
            head += received
        with seen.open("ab") as file:
            file.write(head)
        method, target, _ = head.split(b" ", 2)
        if method != b"CONNECT":
            client.sendall(b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n")
            return
        with log.open("a") as file:
            file.write(target.decode() + "\n")
        host, _, port = target.decode().rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Copies until the source ends, and passes the end on."""
    with contextlib.suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    sys.exit(main())
