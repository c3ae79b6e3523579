"""The interpreter while a desk is open: cycles are looked for seldom, threads take turns often."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 200_000
"""New objects between two looks for cycles: a wave of ten thousand orders makes as many, and keeps them."""

TURN = 0.0005
"""Seconds that a thread computes while another waits for its turn: ten times as often as usual.

One talks with the database in many short steps, while another computes.
"""


class _Interpreter:
    """The process's, which all desks share that are open in it; they may close in any order."""

    def __init__(self) -> None:
        self._desks = 0
        self._usual = gc.get_threshold(), sys.getswitchinterval()

    def suit_desks(self) -> None:
        if not self._desks:
            self._usual = gc.get_threshold(), sys.getswitchinterval()
            gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
            sys.setswitchinterval(TURN)
        self._desks += 1
        gc.freeze()

    def be_as_usual(self) -> None:
        self._desks -= 1
        if not self._desks:
            thresholds, turn = self._usual
            gc.set_threshold(*thresholds)
            sys.setswitchinterval(turn)
            # A process may open many desks; what was loaded for these need not stay.
            gc.unfreeze()


_interpreter = _Interpreter()


@contextmanager
def suited_to_desks() -> Iterator[None]:
    """Spares a wave most of the looks through what it keeps, and most of its waiting for other threads.

    Each would take up to a tenth of its time. What is loaded when it begins is not looked through at all.
    """
    _interpreter.suit_desks()
    try:
        yield
    finally:
        _interpreter.be_as_usual()
