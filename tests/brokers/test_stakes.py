"""What an account has at stake: kept up bit by bit, it is what a count of everything gives."""

from decimal import Decimal

from exchange_orders import account, resting
from hypothesis import given
from hypothesis import strategies as st
from small_market import SESSION

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.margin import AccountType
from orderworks.brokers.simulated.matching.reel import NEVER
from orderworks.brokers.simulated.stakes import Stakes
from orderworks.brokers.simulated.tapes import Mark
from orderworks.market.tape import instant, microseconds
from orderworks.model.state import OrderState

OPEN = microseconds(SESSION.open)
SYMBOLS = ["A", "B", "NEW"]


class Climbing:
    """Marks that climb a dollar every three microseconds for A, every seven for B; NEW has none."""

    def __init__(self) -> None:
        self.asked = 0

    def mark(self, symbol: str, at: int) -> Mark:
        self.asked += 1
        if symbol == "NEW":
            return Mark(None, NEVER)
        every = 3 if symbol == "A" else 7
        steps = (at - OPEN) // every
        return Mark(Decimal(10 + steps), OPEN + every * (steps + 1))


ORDERS = st.tuples(
    st.sampled_from(SYMBOLS),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 20),
    st.sampled_from([None, "g", "h"]),
    st.sampled_from([None, Decimal(9), Decimal(30)]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("receive"), ORDERS, st.booleans()),
        st.tuples(st.just("fill"), st.integers(0, 30), st.integers(1, 25)),
        st.tuples(st.just("end"), st.integers(0, 30), st.none()),
        st.tuples(st.just("replace"), st.integers(0, 30), st.integers(1, 25)),
        st.tuples(st.just("pass"), st.integers(1, 9), st.none()),
    ),
    max_size=20,
)


def sums(stakes: Stakes) -> tuple[Decimal, ...]:
    stakes.settle()
    return stakes.equity, stakes.required, stakes.maintained


@given(
    steps=STEPS,
    held=st.dictionaries(
        st.sampled_from(SYMBOLS), st.tuples(st.integers(-50, 50), st.just("12.5"))
    ),
    account_type=st.sampled_from(["margin", "cash"]),
)
def test_what_is_kept_up_is_what_a_count_of_everything_gives(
    steps: list[tuple[str, object, object]],
    held: dict[str, tuple[int, str]],
    account_type: AccountType,
) -> None:
    holder = account("1000", held)
    kept = Stakes(holder, account_type, Climbing())
    received: list[ExchangeOrder] = []
    for what, subject, more in steps:
        live = [one for one in received if one.is_live]
        if what == "pass":
            holder.reached = instant(microseconds(holder.reached) + int(str(subject)))
        elif what == "receive":
            receive(kept, received, subject, exits=bool(more))
        elif live:
            change(kept, holder, live[int(str(subject)) % len(live)], what, more)
        counted = Stakes(holder, account_type, Climbing())
        counted.restore([one for one in received if one.is_live], received)
        assert sums(kept) == sums(counted)
        for symbol in SYMBOLS:
            one, other = kept.of(symbol), counted.of(symbol)
            assert (one.held, one.buying, one.selling) == (other.held, other.buying, other.selling)
        for order in [one for one in received if one.is_live]:
            others = [one for one in received if one.is_live and one is not order]
            with kept.without(order):
                counted = Stakes(holder, account_type, Climbing())
                counted.restore(others, received)
                assert sums(kept) == sums(counted)
        whole = holder.margin(
            lambda symbol: Climbing().mark(symbol, microseconds(holder.reached)).price, account_type
        )
        assert abs(sums(kept)[0] - whole.equity) < Decimal("0.00001")


def receive(stakes: Stakes, received: list[ExchangeOrder], asked: object, exits: bool) -> None:
    symbol, side, quantity, group, limit = asked  # type: ignore[misc]
    order = resting(
        symbol, side, quantity, number=len(received) + 1, oca_group=group, limit_price=limit
    )
    entry = received[-1] if exits and received else None
    if entry is not None:
        order.symbol, order.side, order.entry = entry.symbol, entry.side.opposite, entry.number
    received.append(order)
    stakes.note(order, entry)


def change(
    stakes: Stakes, holder: ExchangeAccount, order: ExchangeOrder, what: str, shares: object
) -> None:
    if what == "fill":
        filled = min(order.remaining, int(str(shares)))
        order.filled_quantity += filled
        order.state = OrderState.PARTIALLY_FILLED if order.remaining else OrderState.FILLED
        before, cost = holder.positions.get(order.symbol, (0, Decimal(0)))
        traded = order.side.sign * filled
        holder.positions[order.symbol] = (before + traded, cost + traded * Decimal(11))
        holder.cash -= traded * Decimal(11)
    elif what == "end":
        order.state = OrderState.CANCELLED
    else:
        order.quantity = order.filled_quantity + int(str(shares))
        order.limit_price = Decimal(17)
    stakes.note(order)


def test_one_more_order_is_valued_alone_however_much_is_held() -> None:
    marks = Climbing()
    holder = account("1000", {f"S{number}": (10, "5") for number in range(500)})
    stakes = Stakes(holder, "margin", marks)
    stakes.settle()
    assert marks.asked == 500
    for number in range(1, 11):
        stakes.note(resting("A", "buy", 10, number=number))
        stakes.settle()
    assert marks.asked == 510


def test_only_what_was_quoted_anew_is_valued_again() -> None:
    marks = Climbing()
    stakes = Stakes(holder := account("0", {"A": (1, "5"), "B": (1, "5")}), "margin", marks)
    assert sums(stakes)[0] == 20
    for passed, asked, equity in ((2, 2, 20), (3, 3, 21), (5, 3, 21), (7, 5, 23)):
        holder.reached = instant(OPEN + passed)
        assert (sums(stakes)[0], marks.asked) == (equity, asked)
