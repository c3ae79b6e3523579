"""Orders that come to a book at any time, and what trades when a tape is gone through in any steps."""

from collections.abc import Sequence
from dataclasses import dataclass

from drawn_tapes import PRICES
from hypothesis import strategies as st
from small_books import END

from orderworks.brokers.simulated.matching.book import Book
from orderworks.brokers.simulated.matching.journal import Journal
from orderworks.brokers.simulated.matching.reel import Reel
from orderworks.brokers.simulated.matching.resting import Execution, Resting
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.market.tape import SymbolTape


@dataclass(frozen=True)
class Arrival:
    """An order that comes at a time."""

    at: int
    is_buy: bool
    quantity: int
    limit: int | None
    good_for: int | None


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        st.integers(0, 8),
        st.booleans(),
        st.integers(1, 25),
        st.none() | PRICES,
        st.none() | st.integers(1, 4),
    ),
    min_size=1,
    max_size=5,
)
CAPS = st.sampled_from([0.1, 0.29, 0.5, 1.0])
STOPS = st.sets(st.integers(0, 13))


def play(
    tape: SymbolTape, arrivals: Sequence[Arrival], cap: float, stops: set[int]
) -> list[Execution]:
    """Every execution, the tape being gone through from stop to stop and from arrival to arrival."""
    book = Book(Reel(tape), Rules(participation_cap=cap), 0, Journal())
    done: list[Execution] = []
    orders = []
    for at in sorted({0, END} | stops | {one.at for one in arrivals}):
        book.walk(at)
        done += [one for one in book.journal.take_happened() if isinstance(one, Execution)]
        for number, one in enumerate(arrivals):
            if one.at == at:
                orders.append(arrived(number, one, tape))
                book.add(orders[-1])
    for order in orders:
        assert order.filled == sum(one.quantity for one in done if one.number == order.number)
    return done


def arrived(number: int, arrival: Arrival, tape: SymbolTape) -> Resting:
    return Resting(
        number=number,
        is_buy=arrival.is_buy,
        quantity=arrival.quantity,
        limit=arrival.limit,
        arrived=arrival.at,
        volume_at_arrival=Reel(tape).volume(arrival.at),
        until=None if arrival.good_for is None else arrival.at + arrival.good_for,
    )
