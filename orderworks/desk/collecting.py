"""The collector of cycles while a desk is open."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 50_000
"""New objects between two looks for cycles: a wave of thousands makes as many, and keeps them."""


class _Collector:
    """The process's, which all desks share that are open in it; they may close in any order."""

    def __init__(self) -> None:
        self._desks, self._usual = 0, gc.get_threshold()

    def look_seldom(self) -> None:
        if not self._desks:
            self._usual = gc.get_threshold()
            gc.set_threshold(SELDOM, *self._usual[1:])
        self._desks += 1
        gc.freeze()

    def look_as_usual(self) -> None:
        self._desks -= 1
        if not self._desks:
            gc.set_threshold(*self._usual)
            # A process may open many desks; what was loaded for these need not stay.
            gc.unfreeze()


_collector = _Collector()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Spares a wave most of the looks through what it keeps: they take a tenth of its time.

    What is loaded when it begins is not looked through at all.
    """
    _collector.look_seldom()
    try:
        yield
    finally:
        _collector.look_as_usual()
