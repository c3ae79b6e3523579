"""The collector of cycles while a desk is open."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 50_000
"""New objects between two looks for cycles: a wave of thousands makes as many, and keeps them."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Spares a wave most of the looks through what it keeps: they take a tenth of its time.

    What is loaded when it begins is not looked through at all.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(SELDOM, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        # A process may open many desks; what was loaded for this one need not stay.
        gc.unfreeze()
