"""How long to wait before asking again: exponential back-off with equal jitter. Pure.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Equal jitter keeps
half of each delay and draws the other half, so that nobody asks again at once and no two who were cut
off together come back together.
"""

from collections.abc import Iterator
from random import Random


def delays(draws: Random, base: float, factor: float, cap: float) -> Iterator[float]:
    """The seconds to wait before each further try, without end.

    The n-th, counted from 0, lies between half of ``min(cap, base * factor**n)`` and the whole of it.

    Raises:
        ValueError: unless 0 < base <= cap and factor >= 1.
    """
    if not (0 < base <= cap and factor >= 1):
        raise ValueError(
            f"a back-off needs 0 < base <= cap and factor >= 1, not {base}, {cap} and {factor}"
        )
    return _delays(draws, base, factor, cap)


def _delays(draws: Random, base: float, factor: float, cap: float) -> Iterator[float]:
    longest = base
    while True:
        yield longest / 2 + draws.uniform(0, longest / 2)
        longest = min(cap, longest * factor)
