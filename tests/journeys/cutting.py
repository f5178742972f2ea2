"""A link that breaks after exactly so many bytes, between a tablet and the server."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_RESET = struct.pack("ii", 1, 0)


class CuttingLink:
    """Forwards connections one at a time until a direction has carried its number of bytes."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.request_bytes: int | None = None
        self.answer_bytes: int | None = None
        self.reset = False
        self.was_cut = False
        self._idle = threading.Event()
        self._idle.set()

    @contextmanager
    def running(self) -> Iterator["CuttingLink"]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            thread.join(10)

    def settled(self) -> None:
        """Wait until the last connection is closed at both ends."""
        assert self._idle.wait(10)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._idle.clear()
            self.was_cut = False
            with client, socket.create_connection(self._upstream) as server:
                with suppress(OSError):
                    self._carry(client, server)
                for end in (client, server):
                    if self.reset and self.was_cut:
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._idle.set()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        """Both ways at once, as a wire does; ends when either side hung up or a limit is met."""
        back = threading.Thread(
            target=self._forward, args=(server, client, self.answer_bytes), daemon=True
        )
        back.start()
        self._forward(client, server, self.request_bytes)
        back.join(10)

    def _forward(self, source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        left = limit
        try:
            while left is None or left > 0:
                data = source.recv(65536 if left is None else min(65536, left))
                if not data:
                    return
                sink.sendall(data)
                left = None if left is None else left - len(data)
            self.was_cut = True
        except OSError:
            pass
        finally:
            for end in (source, sink):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
