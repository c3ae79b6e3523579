"""Batches without the garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 10_000
"""Objects that a batch has made: the next look for cycles would go through all of them."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Keeps the collector of cycles from running meanwhile, and out of what a large batch has made.

    What a batch makes is kept, and makes no cycles that end with it: looking for them, again and
    again while a batch of thousands grows, takes as long as the batch itself.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if gc.get_count()[0] > MANY:
                # Until the desk closes, if one is open here; what is not in a cycle is freed as ever.
                gc.freeze()
            gc.enable()
