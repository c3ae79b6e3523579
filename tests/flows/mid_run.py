"""A run caught in the middle, and what can be done to the lines that it hangs on."""

import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from command_processes import Running
from judging import rows

from orderworks.ledger.connection import Ledger
from orderworks.model.loopback import LOOPBACK

PATIENCE_SECONDS = 60
MANY_SLICES = {"ORDERWORKS_ROUTER__TWAP_NUM_SLICES": "20"}
"""Enough for a run to last until it is noticed and hurt."""

BETWEEN_CUTS = 1, 25
"""So much passes a line, in pieces, before it is cut again."""

SLICED = "SELECT 1 FROM orders WHERE slice_index > 1 AND state IN ('SUBMITTED', 'PARTIALLY_FILLED')"


def until(happens: Callable[[], object], run: Running) -> None:
    """Returns when it happens, while a command runs."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert run.status is None, f"it ended too soon: {run.err}"
        assert time.monotonic() < give_up, f"it did not happen: {run.err}"
        time.sleep(0.002)


def until_it_trades(ledger: Ledger, run: Running) -> None:
    """Returns when slices rest at the exchange, and more are to come."""
    until(lambda: rows(ledger, SLICED), run)


def port_of(exchange: Running) -> int:
    """The port that a served exchange listens on, once it does."""
    until(lambda: exchange.out.endswith("\n"), exchange)
    assert exchange.out.startswith(f"listening on {LOOPBACK}:"), exchange.out
    return int(exchange.out.rpartition(":")[2])


class Cable:
    """A line to a port, through a port of its own, that is cut at moments that a seed draws.

    They are drawn by what passes, not by time: as much gets through between two cuts on a slow machine.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._draws, self._drawing = random.Random(seed), threading.Lock()
        self._left = self._draws.randint(*BETWEEN_CUTS)
        self._ends: set[socket.socket] = set()
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()
        self._cut()

    def _cut(self) -> None:
        """Closes every connection, whatever is on its way."""
        ends, self._ends = self._ends, set()
        self.cuts += bool(ends)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection((LOOPBACK, self._port))
                self._ends |= {near, far}
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(2**16):
                passes = self._passing(data)
                sink.sendall(passes)
                if len(passes) < len(data):
                    self._cut()
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _passing(self, data: bytes) -> bytes:
        """All of it, or what gets through before the cut."""
        with self._drawing:
            self._left -= 1
            if self._left:
                return data
            self._left = self._draws.randint(*BETWEEN_CUTS)
            return data[: self._draws.randrange(len(data))]
