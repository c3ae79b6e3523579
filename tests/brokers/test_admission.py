"""What the account permits: margin to the share, short sales, exits, margin calls."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

from exchange_orders import account, resting
from hypothesis import given
from hypothesis import strategies as st
from small_market import ACCOUNT, SESSION, at, order
from still_marks import MARKS, Still

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.admission import Admission
from orderworks.brokers.simulated.borrow import ShortSales
from orderworks.brokers.simulated.margin import AccountType, initial
from orderworks.brokers.simulated.stakes import Stakes
from orderworks.model.order import Order, OrderType, Side
from orderworks.model.state import OrderState


class Receiver:
    """Judges orders, and takes in those that are received, as the exchange does."""

    def __init__(self, judge: Admission, stakes: Stakes, orders: Sequence[ExchangeOrder]) -> None:
        self._judge = judge
        self._stakes = stakes
        self._named = {one.client_order_id: one for one in orders}
        self._numbers = count(len(orders) + 1)

    def refusal(self, order: Order, at: datetime) -> str | None:
        entry = None if order.attached_to is None else self._named.get(order.attached_to)
        reason = self._judge.refusal(order, entry, at)
        if reason is None:
            received = resting(
                order.symbol,
                order.side.value,
                order.quantity,
                number=next(self._numbers),
                client_order_id=order.client_order_id,
                limit_price=order.limit_price,
                oca_group=order.oca_group,
                entry=None if entry is None else entry.number,
            )
            self._named[order.client_order_id] = received
            self._stakes.note(received, entry)
        return reason


def admission(
    holder: ExchangeAccount,
    live: Sequence[ExchangeOrder] = (),
    shorts: ShortSales | None = None,
    account_type: AccountType = "margin",
    known: Sequence[ExchangeOrder] = (),
) -> Receiver:
    """The admission of an account; orders are numbered, and exits find their entries by name."""
    orders = [replace(one, number=number) for number, one in enumerate([*known, *live], start=1)]
    named = {one.client_order_id: one.number for one in orders}
    for one in orders:
        one.entry = None if one.attached_to is None else named[one.attached_to]
    stakes = Stakes(holder, account_type, Still())
    stakes.restore(orders[len(known) :], orders[: len(known)])
    judge = Admission(
        SESSION,
        frozenset({*MARKS, "NEW"}),
        ShortSales(True) if shorts is None else shorts,
        stakes,
    )
    return Receiver(judge, stakes, orders)


def exit_of(entry: str, side: str, quantity: int, **changes: Any) -> Order:
    stop = Order(
        f"{entry}-stop", ACCOUNT, "A", Side(side), quantity, OrderType.STOP,
        stop_price=Decimal(90), attached_to=entry,
    )  # fmt: skip
    return replace(stop, **changes)


# Margin -----------------------------------------------------------------------------------------


def test_resting_orders_take_their_part_of_the_equity() -> None:
    live = [resting("A", "buy", 1_000, limit_price=Decimal(90))]
    judge = admission(account("100000"), live)
    refused = judge.refusal(order("A", "buy", 1_001), at(1))
    assert refused == "insufficient equity: 1000 shares are affordable"
    assert judge.refusal(order("A", "buy", 1_000), at(1)) is None
    assert judge.refusal(order("B", "buy", 1), at(1)) == (
        "insufficient equity: 0 shares are affordable"
    )


def test_what_only_reduces_is_received_without_any_equity() -> None:
    """Bought for 100,000 on a loan of 75,000 and fallen: equity is at the maintenance, no more."""
    judge = admission(account("-75000", {"A": (1_000, "100")}))
    assert judge.refusal(order("A", "sell", 1_000), at(1)) is None
    assert judge.refusal(order("A", "buy", 1), at(1)) == (
        "insufficient equity: 0 shares are affordable"
    )


def test_a_margin_call_refuses_what_opens_and_says_the_numbers() -> None:
    judge = admission(account("-80000", {"A": (1_000, "120")}))
    said = (
        "margin call: equity of 20000.00 is below the maintenance requirement of 25000.00; only "
        "orders that reduce a position are received"
    )
    assert judge.refusal(order("A", "buy", 1), at(1)) == said
    assert judge.refusal(order("C", "buy", 1), at(1)) == said
    assert judge.refusal(order("A", "sell", 400), at(1)) is None


def test_cheap_shares_sold_short_ask_for_more_than_half() -> None:
    judge = admission(account("1000"))
    assert judge.refusal(order("C", "sell", 401), at(1)) == (
        "insufficient equity: 400 shares are affordable"
    )
    assert judge.refusal(order("C", "sell", 400), at(1)) is None


def test_a_cash_account_buys_with_its_cash_and_sells_what_it_holds() -> None:
    judge = admission(
        account("1000", {"A": (5, "100")}),
        [resting("A", "buy", 3)],
        ShortSales(False),
        "cash",
    )
    assert judge.refusal(order("A", "buy", 8), at(1)) == (
        "insufficient equity: 7 shares are affordable"
    )
    assert judge.refusal(order("A", "buy", 7), at(1)) is None
    assert judge.refusal(order("A", "sell", 6), at(1)) == (
        "short sale not permitted: 5 shares are held and not being sold, 6 to sell"
    )
    assert judge.refusal(order("A", "sell", 5), at(1)) is None


def test_orders_that_cancel_one_another_count_once() -> None:
    live = [
        resting("A", "buy", 1_000, oca_group="g", client_order_id="ow-1"),
        resting("A", "buy", 800, oca_group="g", client_order_id="ow-2"),
    ]
    judge = admission(account("60000"), live)
    grouped = replace(order("A", "buy", 1_201), oca_group="g")
    assert judge.refusal(grouped, at(1)) == "insufficient equity: 1200 shares are affordable"
    assert judge.refusal(replace(grouped, quantity=1_200), at(1)) is None
    assert judge.refusal(order("A", "buy", 1), at(1)) is not None


def test_a_trailing_stop_in_a_symbol_without_a_quote_counts_once_there_is_a_price() -> None:
    trailing = resting("NEW", "buy", 10, trail_percent=Decimal("0.05"))
    judge = admission(account("1000"), [trailing])
    assert judge.refusal(order("NEW", "buy", 11, "100"), at(1)) == (
        "insufficient equity: 10 shares are affordable"
    )
    assert judge.refusal(order("NEW", "buy", 10, "100"), at(1)) is None
    assert judge.refusal(order("A", "buy", 1), at(1)) is not None


HOLDINGS = st.dictionaries(
    st.sampled_from(sorted(MARKS)),
    st.tuples(st.integers(-300, 300).filter(bool), st.just("50")),
)
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(sorted(MARKS)), st.sampled_from(["buy", "sell"]), st.integers(1, 3_000)
    ),
    max_size=6,
)
ACCOUNT_TYPES: st.SearchStrategy[AccountType] = st.sampled_from(["margin", "cash"])


@given(
    cash=st.decimals(Decimal(-5_000), Decimal(200_000), places=2),
    held=HOLDINGS,
    live=ORDERS,
    batch=ORDERS.filter(bool),
    account_type=ACCOUNT_TYPES,
)
def test_the_affordable_quantity_is_the_largest_that_is_received(
    cash: Decimal,
    held: dict[str, tuple[int, str]],
    live: list[tuple[str, str, int]],
    batch: list[tuple[str, str, int]],
    account_type: AccountType,
) -> None:
    """Each verdict of a batch against a count of everything that the orders can lead to."""
    holder = account(cash, held)
    worst = {symbol: [held[symbol][0] if symbol in held else 0] * 2 for symbol in MARKS}
    for symbol, side, quantity in live:
        _take(worst, symbol, side, quantity)
    equity = cash + sum(shares * MARKS[symbol] for symbol, (shares, _) in held.items())
    called = holder.margin(MARKS.get, account_type).is_called
    judge = admission(holder, [resting(*one) for one in live], ShortSales(True), account_type)
    for symbol, side, quantity in batch:
        said = judge.refusal(order(symbol, side, quantity), at(1))
        fits = [
            n
            for n in range(quantity + 1)
            if _fits(worst, symbol, side, n, equity, called, account_type)
        ]
        largest = max(fits)
        assert len(fits) == largest + 1
        if largest == quantity:
            assert said is None
            _take(worst, symbol, side, quantity)
        elif called:
            assert said is not None
            assert said.startswith("margin call: ")
        else:
            assert said == f"insufficient equity: {largest} shares are affordable"


def _take(worst: dict[str, list[int]], symbol: str, side: str, quantity: int) -> None:
    lowest, highest = worst[symbol]
    worst[symbol] = [
        lowest - quantity * (side == "sell"),
        highest + quantity * (side == "buy"),
    ]


def _asked(reach: list[int], symbol: str, account_type: AccountType) -> Decimal:
    return max(initial(shares, MARKS[symbol], account_type) for shares in reach)


def _fits(
    worst: dict[str, list[int]],
    symbol: str,
    side: str,
    quantity: int,
    equity: Decimal,
    called: bool,
    account_type: AccountType,
) -> bool:
    after = {name: list(reach) for name, reach in worst.items()}
    _take(after, symbol, side, quantity)
    if _asked(after[symbol], symbol, account_type) <= _asked(worst[symbol], symbol, account_type):
        return True
    total = sum(_asked(reach, name, account_type) for name, reach in after.items())
    return not called and total <= equity


# Short sales ------------------------------------------------------------------------------------


def test_resting_short_sales_count_as_borrowed() -> None:
    judge = admission(
        account("100000", {"A": (10, "100")}),
        [resting("A", "sell", 40)],
        ShortSales(True, {"A": 50, "C": 0}),
    )
    assert judge.refusal(order("A", "sell", 21), at(1)) == (
        "short sale not possible: 20 shares of A can be borrowed, 21 needed"
    )
    assert judge.refusal(order("A", "sell", 20), at(1)) is None
    assert judge.refusal(order("C", "sell", 1), at(1)) == (
        "short sale not possible: 0 shares of C can be borrowed, 1 needed"
    )
    assert judge.refusal(order("B", "sell", 1_000), at(1)) is None


# Exits ------------------------------------------------------------------------------------------


def test_an_exit_needs_an_entry_that_it_trades_back() -> None:
    done = resting("A", "buy", 10, client_order_id="ow-done", state=OrderState.FILLED)
    rejected = resting("A", "buy", 10, client_order_id="ow-no", state=OrderState.REJECTED)
    judge = admission(account("100000"), known=[done, rejected])
    assert judge.refusal(exit_of("ow-none", "sell", 10), at(1)) == (
        "no order ow-none was received that this one could be an exit of"
    )
    assert judge.refusal(exit_of("ow-no", "sell", 10), at(1)) == (
        "no order ow-no was received that this one could be an exit of"
    )
    trades_back = "an exit trades its entry's symbol back, and ow-done buys A"
    assert judge.refusal(exit_of("ow-done", "buy", 10), at(1)) == trades_back
    assert judge.refusal(exit_of("ow-done", "sell", 10, symbol="B"), at(1)) == trades_back
    assert judge.refusal(exit_of("ow-done", "sell", 10), at(1)) is None


def test_the_exits_of_an_entry_in_the_same_batch_ask_for_no_margin() -> None:
    judge = admission(account("100000"), shorts=ShortSales(False))
    assert judge.refusal(order("A", "buy", 2_000, name="ow-e"), at(1)) is None
    assert judge.refusal(exit_of("ow-e", "sell", 2_000), at(1)) is None
    assert judge.refusal(order("A", "buy", 2_001, name="ow-f"), at(1)) is not None
    assert judge.refusal(exit_of("ow-f", "sell", 2_001), at(1)) is not None


def test_an_exit_sells_what_its_entry_has_bought_and_nobody_else_may() -> None:
    entry = resting("A", "buy", 100, client_order_id="ow-e", filled_quantity=60)
    stop = resting("A", "sell", 100, client_order_id="ow-s", attached_to="ow-e", oca_group="g")
    target = resting("A", "sell", 100, client_order_id="ow-t", attached_to="ow-e", oca_group="g")
    judge = admission(
        account("100000", {"A": (65, "100")}), [entry, stop, target], ShortSales(False)
    )
    assert judge.refusal(order("A", "sell", 6), at(1)) == (
        "short sale not permitted: 5 shares are held and not being sold, 6 to sell"
    )
    assert judge.refusal(order("A", "sell", 5), at(1)) is None


def test_an_exit_does_not_sell_what_was_sold_already() -> None:
    done = resting("A", "buy", 10, client_order_id="ow-e", filled_quantity=10)
    judge = admission(account("100000"), shorts=ShortSales(False), known=[done])
    assert judge.refusal(exit_of("ow-e", "sell", 10), at(1)) == (
        "short sale not permitted: 0 shares are held and not being sold, 10 to sell"
    )


def test_the_exits_of_one_entry_share_what_it_has_bought() -> None:
    done = resting("A", "buy", 10, client_order_id="ow-e", filled_quantity=10)
    holder = account("0", {"A": (10, "100")})
    judge = admission(holder, shorts=ShortSales(False), known=[done])
    stop = exit_of("ow-e", "sell", 10)
    assert judge.refusal(stop, at(1)) is None
    assert judge.refusal(replace(stop, client_order_id="ow-e-target"), at(1)) is None
    assert judge.refusal(order("A", "sell", 1), at(1)) is not None
