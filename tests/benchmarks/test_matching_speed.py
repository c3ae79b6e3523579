"""Simple orders through the matching engine alone: at least 50,000 a second, in linear time."""

import gc
import time
from collections.abc import Iterator
from itertools import islice, pairwise

import numpy as np
import pytest

from orderworks.brokers.simulated.matching.book import Book
from orderworks.brokers.simulated.matching.journal import Journal
from orderworks.brokers.simulated.matching.reel import Reel
from orderworks.brokers.simulated.matching.resting import Execution, Resting
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.market.tape import SymbolTape

SYMBOLS = 50
A_SECOND = 4
"""Orders that come to each symbol in each second."""
CENT, SECOND = 100, 1_000_000
MARKET_SHARE = 0.3
RUNS = {1_000: 20, 10_000: 10, 100_000: 4, 1_000_000: 2}
"""How many orders are measured how often."""


def walking_tape(seed: int, seconds: int) -> SymbolTape:
    """A quote and a bar each second; the mid walks by a cent, the spread is two."""
    random = np.random.default_rng(seed)
    ts = np.arange(seconds, dtype=np.int64) * SECOND
    mid = 500_000 + CENT * np.cumsum(random.integers(-1, 2, seconds))
    bid, ask = mid - CENT, mid + CENT
    bid_size, ask_size, volume = 100 * random.integers(1, 20, (3, seconds))
    low, high = bid - CENT * random.integers(0, 2, seconds), ask + CENT
    return SymbolTape("", ts, bid, ask, bid_size, ask_size, ts, bid, high, low, ask, volume)


def random_orders(
    tapes: list[SymbolTape], count: int
) -> Iterator[tuple[int, bool, int, int | None]]:
    """Symbol, side, quantity and limit: market orders, and limits from two cents through the touch
    to eight away from it; those of one second together, by symbol."""
    random = np.random.default_rng(7)
    bids = np.stack([tape.bid for tape in tapes])
    for second in range(count // (SYMBOLS * A_SECOND)):
        symbols = np.repeat(np.arange(SYMBOLS), A_SECOND)
        is_buy = random.random(len(symbols)) < 0.5
        away = CENT * random.integers(-2, 9, len(symbols))
        bid = bids[symbols, second]
        limits = np.where(is_buy, bid - away, bid + 2 * CENT + away).tolist()
        at_market = (random.random(len(symbols)) < MARKET_SHARE).tolist()
        quantities = (100 * random.integers(1, 4, len(symbols))).tolist()
        yield from zip(
            symbols.tolist(),
            is_buy.tolist(),
            quantities,
            [None if market else limit for market, limit in zip(at_market, limits, strict=True)],
            strict=True,
        )


class Exchange:
    """Books, and the orders that will come to them, ready to go."""

    def __init__(self, count: int) -> None:
        seconds = count // (SYMBOLS * A_SECOND)
        tapes = [walking_tape(seed, seconds + 1) for seed in range(SYMBOLS)]
        self.orders = list(random_orders(tapes, count))
        self.reels = [Reel(tape) for tape in tapes]
        self.journal = Journal()
        self.books = [Book(reel, Rules(1.0), 0, self.journal) for reel in self.reels]
        self.seconds = seconds
        self.executions = 0

    def trade(self) -> None:
        """Lets the orders come second by second, and every book go on to the next."""
        coming, number = iter(self.orders), 0
        books, reels, journal = self.books, self.reels, self.journal
        for second in range(self.seconds):
            at = second * SECOND
            for symbol, is_buy, quantity, limit in islice(coming, SYMBOLS * A_SECOND):
                volume = reels[symbol].volume(at)
                books[symbol].add(Resting(number, is_buy, quantity, limit, at, volume))
                number += 1
            for book in books:
                book.walk(at + SECOND)
            happened = journal.take_happened()
            self.executions += sum(isinstance(one, Execution) for one in happened)
            journal.take_changed()

    @property
    def resting(self) -> int:
        return sum(len(book.orders) for book in self.books)


@pytest.mark.benchmark(group="matching")
def test_match_100_000_orders(benchmark):
    count = 100_000
    traded: list[Exchange] = []

    def arrange():
        traded.append(Exchange(count))
        gc.collect()
        return (traded[-1],), {}

    benchmark.pedantic(Exchange.trade, setup=arrange, rounds=5, warmup_rounds=1)
    last = traded[-1]
    assert last.executions > count / 2
    assert last.resting > count / 100
    rate = count / benchmark.stats.stats.median
    print(f"{rate:,.0f} orders a second, {last.executions:,} executions, {last.resting:,} rest")
    assert rate > 50_000


@pytest.mark.benchmark(group="matching")
def test_ten_times_the_orders_take_ten_times_as_long(benchmark):
    def measure() -> dict[int, float]:
        """Microseconds an order, of the best run."""
        return {count: min(one_run(count) for _ in range(runs)) for count, runs in RUNS.items()}

    taken = benchmark.pedantic(measure, rounds=1)
    benchmark.extra_info.update({f"{count:,}": micros for count, micros in taken.items()})
    print({f"{count:,}": f"{micros:.1f} µs an order" for count, micros in taken.items()})
    for fewer, more in pairwise(taken):
        assert taken[more] < 1.5 * taken[fewer], f"{more:,} orders against {fewer:,}"


def one_run(count: int) -> float:
    exchange = Exchange(count)
    gc.collect()
    begun = time.perf_counter()
    exchange.trade()
    return 1e6 * (time.perf_counter() - begun) / count
