"""HTTP/1.1 over sockets: keep-alive, Content-Length, chunks, and broken framings.

Small and own, because a fault injector must decide about every byte; also faster than
the standard library's handler. Serves one application: request in, reply out.
"""

import gzip
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_MAX_LINE = 65_536
_REASONS = {
    200: "OK",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    410: "Gone",
    413: "Payload Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
XML = "text/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What came in; header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Reply:
    """What goes out.

    `chunks` is streamed as it comes (the body is ignored). `hang_up` closes without a
    byte. `keep` sends only that many bytes of the body, in the given framing, then
    closes. `trickle` sends that many bytes per second.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = XML
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None
    hang_up: bool = False
    keep: int | None = None
    framing: str = "content_length"
    trickle: float | None = None


Application = Callable[[HttpRequest], Reply]


class HttpServer(socketserver.ThreadingTCPServer):
    """A threaded server for one application; `stop` ends every connection."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        application: Application,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.application = application
        self.stopping = threading.Event()
        self.tls = tls
        self._sockets: set[socket.socket] = set()
        self._sockets_lock = threading.Lock()
        super().__init__(address, _Connection)
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close all connections; returns when it is done."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._sockets_lock:
            for connection in self._sockets:
                _close(connection)
        self._thread.join(5)

    def opened(self, connection: socket.socket) -> None:
        """Remember an open connection."""
        with self._sockets_lock:
            self._sockets.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._sockets_lock:
            self._sockets.discard(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


def _close(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


class _Connection(socketserver.StreamRequestHandler):
    server: HttpServer
    disable_nagle_algorithm = True
    rbufsize = 1 << 16

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.server.opened(self.request)

    def finish(self) -> None:
        self.server.closed(self.request)
        try:
            super().finish()
        except OSError:
            pass
        _close(self.request)

    def handle(self) -> None:
        try:
            while not self.server.stopping.is_set():
                request = self._read()
                if request is None:
                    return
                reply = self.server.application(request)
                if (
                    not self._write(reply)
                    or request.headers.get("connection") == "close"
                ):
                    return
        except OSError:
            return

    def _read(self) -> HttpRequest | None:
        line = self.rfile.readline(_MAX_LINE)
        while line in {b"\r\n", b"\n"}:
            line = self.rfile.readline(_MAX_LINE)
        parts = line.decode("latin-1").split()
        if len(parts) != 3:
            return None
        headers: dict[str, str] = {}
        while True:
            line = self.rfile.readline(_MAX_LINE)
            if line in {b"\r\n", b"\n"}:
                break
            name, colon, text = line.decode("latin-1").partition(":")
            if not colon:
                return None
            headers[name.strip().lower()] = text.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return HttpRequest(parts[0], parts[1], headers, self._body(headers))

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length") or 0))
        parts: list[bytes] = []
        while True:
            size = int(self.rfile.readline(_MAX_LINE).split(b";")[0], 16)
            part = self.rfile.read(size)
            self.rfile.readline(_MAX_LINE)
            if not size:
                return b"".join(parts)
            parts.append(part)

    # -- answers -----------------------------------------------------------

    def _head(self, reply: Reply, *framing: str) -> bytes:
        reason = _REASONS.get(reply.status, "Status")
        lines = [f"HTTP/1.1 {reply.status} {reason}"]
        if reply.content_type:
            lines.append(f"Content-Type: {reply.content_type}")
        lines += [f"{name}: {text}" for name, text in reply.headers.items()]
        lines += framing
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _write(self, reply: Reply) -> bool:
        """Send a reply; True if the connection lives on."""
        if reply.hang_up:
            return False
        if reply.chunks is not None:
            return self._stream(reply, reply.chunks)
        if reply.keep is not None:
            self._truncated(reply, reply.keep)
            return False
        head = self._head(reply, f"Content-Length: {len(reply.body)}")
        if reply.trickle is not None:
            return self._slowly(head + reply.body, reply.trickle)
        self.wfile.write(head + reply.body)
        return True

    def _stream(self, reply: Reply, chunks: Iterable[bytes]) -> bool:
        self.wfile.write(self._head(reply, "Transfer-Encoding: chunked"))
        for chunk in chunks:
            if chunk:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")
        return True

    def _slowly(self, data: bytes, rate: float) -> bool:
        step = max(1, round(rate / 20))
        for at in range(0, len(data), step):
            self.wfile.write(data[at : at + step])
            if self.server.stopping.wait(step / rate):
                return False
        return True

    def _truncated(self, reply: Reply, keep: int) -> None:
        """Send a body that ends too early, framed in one of five ways."""
        body = reply.body
        if reply.framing == "content_length":
            head = self._head(reply, f"Content-Length: {len(body)}")
            self.wfile.write(head + body[:keep])
        elif reply.framing == "chunked":
            # Half a chunk: its size is announced, its end never comes.
            head = self._head(reply, "Transfer-Encoding: chunked")
            self.wfile.write(head + b"%x\r\n" % len(body) + body[:keep])
        elif reply.framing == "close":
            self.wfile.write(self._head(reply, "Connection: close") + body[:keep])
        elif reply.framing == "gzip":
            packed = gzip.compress(body)
            share = packed[: max(1, len(packed) * keep // max(1, len(body)))]
            head = self._head(reply, "Content-Encoding: gzip", "Connection: close")
            self.wfile.write(head + share)
        else:
            # A proxy that read until the connection broke, then framed what it had.
            cut = body[:keep]
            head = self._head(reply, f"Content-Length: {len(cut)}", "Connection: close")
            self.wfile.write(head + cut)
