"""Batches without the garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keeps the collector of cycles from running meanwhile.

    What a batch makes is kept, and makes no cycles that end with it: looking for them, again and
    again while a batch of thousands grows, takes as long as the batch itself.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
