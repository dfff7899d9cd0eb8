"""Servers that do not hold a wait as the service does: they are silent, full, unavailable, or close the connection."""

import socket
import sys
import threading

from bench.guard.servers import KEY, Server


class ClosingServer(Server):
    """Answers each wait over TLS and closes the connection: the next wait begins with a handshake, new or resumed."""

    def __init__(self, resumes: bool):
        command = [sys.executable, "-m", "bench.compare.closing_server", "resumes" if resumes else "forgets"]
        super().__init__(command, tls=True)


def silent_listener(backlog: int = 4096) -> socket.socket:
    """The kernel accepts connections, and nobody answers."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
    return listener


def black_hole() -> list[socket.socket]:
    """The first of these is a listener with a full queue, to which one more connection is never made."""
    listener = silent_listener(backlog=0)
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
    return [listener, *fillers]


def unavailable_listener() -> socket.socket:
    """Answers each request with 503 and a Retry-After that fits into a wait of a minute."""
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
