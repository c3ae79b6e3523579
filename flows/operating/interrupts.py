"""What SIGINT and SIGTERM do to a command that stays: they are raised, and end it the ordinary way."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def raise_interrupts() -> None:
    """From now on both are raised as KeyboardInterrupt, wherever the main thread is."""
    for interrupt in INTERRUPTS:
        signal.signal(interrupt, signal.default_int_handler)


def ignore_interrupts() -> None:
    """From now on neither does anything."""
    for interrupt in INTERRUPTS:
        signal.signal(interrupt, signal.SIG_IGN)


@contextmanager
def held_back() -> Iterator[None]:
    """An interrupt that comes meanwhile takes effect when the context ends."""
    came: list[int] = []
    before = {
        interrupt: signal.signal(interrupt, lambda number, _: came.append(number))
        for interrupt in INTERRUPTS
    }
    try:
        yield
    finally:
        for interrupt, handler in before.items():
            signal.signal(interrupt, handler)
    if came:
        signal.raise_signal(came[0])
