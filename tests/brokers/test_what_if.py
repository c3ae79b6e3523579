"""What an order would do to the margin at the simulated exchange: what its admission goes by."""

from decimal import Decimal
from pathlib import Path

from exchange_orders import account, resting
from hypothesis import given
from hypothesis import strategies as st
from small_market import ACCOUNT, SESSION, Opens, at, order, recorded
from still_marks import Still

from orderworks.brokers.simulated.admission import Admission
from orderworks.brokers.simulated.borrow import ShortSales
from orderworks.brokers.simulated.stakes import Stakes
from orderworks.brokers.simulated.what_if import margin_effects

SHARES = st.integers(1, 3_000)
SIDES = st.sampled_from(["buy", "sell"])


@given(
    cash=st.integers(-50_000, 300_000),
    held=st.integers(-2_000, 2_000),
    other=st.integers(-2_000, 2_000),
    rests=st.none() | st.tuples(SIDES, SHARES),
    side=SIDES,
    quantity=SHARES,
)
def test_an_order_is_received_if_what_it_needs_is_available(
    cash: int, held: int, other: int, rests: tuple[str, int] | None, side: str, quantity: int
) -> None:
    has = {"A": (held, "100"), "B": (other, "20")}
    stakes = Stakes(account(str(cash), {s: p for s, p in has.items() if p[0]}), "margin", Still())
    if rests is not None:
        stakes.note(resting("A", *rests))
    asked = order("A", side, quantity, "100")
    [effect] = margin_effects([asked], stakes)
    judge = Admission(SESSION, frozenset("AB"), ShortSales(True, {}), stakes)
    needed = effect.initial_change
    is_received = judge.refusal(asked, None, at(0)) is None
    assert is_received == (needed <= 0 or needed <= effect.available)


def test_the_exchange_answers_and_receives_nothing(tmp_path: Path, opens: Opens) -> None:
    market = recorded(tmp_path, [(0, "A", 99.99, 100.01, 100, 100)], [(0, "A", 100, 100, 100)])
    exchange = opens(market)
    exchange.advance(at(1))
    buys, unknown = order("A", "buy", 100, "100.01"), order("B", "buy", 100)
    [effect] = exchange.what_if([buys, unknown])
    assert effect.client_order_id == buys.client_order_id
    assert (effect.available, effect.initial_change) == (Decimal(100_000), Decimal(5_000))
    assert effect.maintenance_change == Decimal(2_500)
    assert exchange.snapshot().orders == ()
    assert exchange.portfolio().account == ACCOUNT
