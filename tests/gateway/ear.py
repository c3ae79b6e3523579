"""Where clients connect: in threads of their own, so that a busy gateway still knows when something came.

What arrives is noted and passed on at once, byte by byte as it is, through a pair of sockets of which the
gateway has the other end.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from orderworks.model.loopback import LOOPBACK

from .arrivals import Arrivals

AT_ONCE = 65_536

Pass = Callable[[socket.socket, Arrivals], object]


class Ear:
    """Listens on a port of loopback, 0 for any that is free, until it is closed.

    Args:
        begin: called in a thread for each client, with the gateway's end of its connection.
    """

    def __init__(self, port: int, begin: Pass) -> None:
        self._begin = begin
        self._listening = socket.create_server((LOOPBACK, port))
        self.port: int = self._listening.getsockname()[1]
        Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """No more clients; those that are there stay until the gateway closes its ends."""
        # A thread that waits for one would keep the port open.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ours, theirs = socket.socketpair()
        arrivals = Arrivals()
        try:
            self._begin(theirs, arrivals)
        except RuntimeError:
            # The gateway's loop has ended meanwhile.
            theirs.close()
        onward = Thread(target=_carry, args=(client, ours, arrivals.note), daemon=True)
        onward.start()
        # Once the gateway hangs up, nothing more is taken from the client either.
        _carry(ours, client, lambda _: None)
        for one in (client, ours):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        onward.join()
        client.close()
        ours.close()


def _carry(source: socket.socket, target: socket.socket, note: Callable[[int], None]) -> None:
    """Passes on what comes until its end, and then the end."""
    with suppress(OSError):
        while data := source.recv(AT_ONCE):
            note(len(data))
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
