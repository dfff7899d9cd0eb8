"""Answers each wait over TLS and closes the connection, so that each wait begins with a handshake.

    python3 -m bench.compare.closing_server resumes | forgets

Prints its address and the path of its authority. "forgets" gives no tickets: no handshake is resumed.
"""

import socket
import socketserver
import ssl
import sys
import tempfile
from pathlib import Path

from bench.guard.certificate import certificate
from bench.guard.servers import BODY

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = self.server.context.wrap_socket(self.request, server_side=True)
        request = b""
        while not request.endswith(b"}"):
            received = connection.recv(65536)
            if not received:
                return
            request += received
        connection.sendall(ANSWER % len(BODY) + BODY)
        # The client closes last, so that its close_notify does not reach a closed socket.
        connection.unwrap()


class ClosingServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass


with tempfile.TemporaryDirectory() as folder:
    ca, chain, key = certificate(Path(folder))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    if sys.argv[1] == "forgets":
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET
    with ClosingServer(("127.0.0.1", 0), Handler) as server:
        server.context = context
        print(f"https://127.0.0.1:{server.server_address[1]}", ca, sep="\n", flush=True)
        server.serve_forever()
