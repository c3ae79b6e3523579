"""Simple orders through the matching engine alone: at least 50,000 a second, in linear time."""

import gc
import time
from collections.abc import Iterable, Iterator
from statistics import median

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
RUNS = {1_000: 60, 10_000: 20, 100_000: 5, 1_000_000: 1}
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


Arrival = tuple[int, bool, int, int | None]
"""Symbol, side, quantity and limit."""


def random_orders(tapes: list[SymbolTape], seconds: int) -> Iterator[list[Arrival]]:
    """Second by second: market orders, and limits from two cents through the touch to eight away."""
    random = np.random.default_rng(7)
    bids = np.stack([tape.bid for tape in tapes])
    symbols = np.repeat(np.arange(SYMBOLS), A_SECOND)
    for second in range(seconds):
        is_buy = random.random(len(symbols)) < 0.5
        away = CENT * random.integers(-2, 9, len(symbols))
        bid = bids[symbols, second]
        limits = np.where(is_buy, bid - away, bid + 2 * CENT + away).tolist()
        at_market = (random.random(len(symbols)) < MARKET_SHARE).tolist()
        yield list(
            zip(
                symbols.tolist(),
                is_buy.tolist(),
                (100 * random.integers(1, 4, len(symbols))).tolist(),
                [None if now else limit for now, limit in zip(at_market, limits, strict=True)],
                strict=True,
            )
        )


class Exchange:
    """Books, and the orders that will come to them."""

    def __init__(self, count: int) -> None:
        seconds = count // (SYMBOLS * A_SECOND)
        tapes = [walking_tape(seed, seconds + 1) for seed in range(SYMBOLS)]
        self.arrivals: Iterable[list[Arrival]] = random_orders(tapes, seconds)
        self.reels = [Reel(tape) for tape in tapes]
        self.journal = Journal()
        self.books = [Book(reel, Rules(1.0), 0, self.journal) for reel in self.reels]
        self.executions = 0
        self.taken = 0.0
        """Seconds of this process that the engine took."""

    def trade(self) -> None:
        """Lets the orders come second by second, and every book go on to the next."""
        books, reels, journal, number = self.books, self.reels, self.journal, 0
        for second, arrivals in enumerate(self.arrivals):
            begun, at = time.process_time(), second * SECOND
            for symbol, is_buy, quantity, limit in arrivals:
                volume = reels[symbol].volume(at)
                books[symbol].add(Resting(number, is_buy, quantity, limit, at, volume))
                number += 1
            for book in books:
                book.walk(at + SECOND)
            happened = journal.take_happened()
            journal.take_changed()
            self.taken += time.process_time() - begun
            self.executions += sum(isinstance(one, Execution) for one in happened)

    @property
    def resting(self) -> int:
        return sum(len(book.orders) for book in self.books)


@pytest.mark.benchmark(group="matching")
def test_match_100_000_orders(benchmark):
    count = 100_000
    traded: list[Exchange] = []

    def arrange():
        traded.append(Exchange(count))
        traded[-1].arrivals = list(traded[-1].arrivals)
        gc.collect()
        return (traded[-1],), {}

    benchmark.pedantic(Exchange.trade, setup=arrange, rounds=5)
    last = traded[-1]
    assert last.executions > count / 2
    assert last.resting > count / 100
    rate = count / median([one.taken for one in traded])
    benchmark.extra_info["orders a second of one core"] = round(rate)
    print(f"{rate:,.0f} orders a second, {last.executions:,} executions, {last.resting:,} rest")
    assert rate > 50_000


@pytest.mark.benchmark(group="matching")
def test_time_grows_as_the_orders_do(benchmark):
    def measure() -> dict[int, float]:
        """Microseconds an order, the median of the runs."""
        return {
            count: median([one_run(count) for _ in range(runs)]) for count, runs in RUNS.items()
        }

    taken = benchmark.pedantic(measure, rounds=1)
    benchmark.extra_info.update({f"{count:,}": micros for count, micros in taken.items()})
    print({f"{count:,}": f"{micros:.1f} µs an order" for count, micros in taken.items()})
    # With the last of 10,000 orders the books are 50 seconds old, and hold few yet.
    assert taken[100_000] < 2 * taken[10_000]
    assert taken[1_000_000] < 1.5 * taken[100_000]


def one_run(count: int) -> float:
    exchange = Exchange(count)
    gc.collect()
    exchange.trade()
    return 1e6 * exchange.taken / count
