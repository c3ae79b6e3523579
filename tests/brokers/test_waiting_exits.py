"""An exit that waits to be sent goes through actions as the exchange's resting orders do."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from exchange_orders import resting
from hypothesis import assume, given
from hypothesis import strategies as st
from working_orders import SESSION, at
from working_orders import order as planned

from orderworks.brokers.simulated.corporate_actions import adjust_order
from orderworks.desk.corporate_actions import changed_terms
from orderworks.ledger.corporate_actions import OrderTerms
from orderworks.model.corporate_action import ActionKind, AppliedAction, CorporateAction


def split(ratio: str) -> CorporateAction:
    return CorporateAction(SESSION, "AAPL", ActionKind.SPLIT, ratio=Fraction(ratio))


def dividend(amount: str) -> CorporateAction:
    return CorporateAction(SESSION, "AAPL", ActionKind.DIVIDEND, amount=Decimal(amount))


def applied(action: CorporateAction) -> AppliedAction:
    return AppliedAction(
        "x", action.ex_date, action.symbol, action.kind, action.ratio, action.amount,
        0, Decimal(0), at(0),
    )  # fmt: skip


@given(
    side=st.sampled_from(["buy", "sell"]),
    kind=st.sampled_from(
        [("limit", "limit_price"), ("stop", "stop_price"), ("trailing_stop", "trail_amount")]
    ),
    price=st.decimals(Decimal(1), Decimal(500), places=2),
    quantity=st.integers(1, 10_000),
    actions=st.lists(
        st.one_of(
            st.sampled_from(["2", "3/2", "7/3", "10"]).map(split),
            st.sampled_from(["0.004", "0.25", "0.9999"]).map(dividend),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_it_becomes_what_it_would_have_become_at_the_exchange(
    side: str,
    kind: tuple[str, str],
    price: Decimal,
    quantity: int,
    actions: list[CorporateAction],
) -> None:
    order_type, name = kind
    prices: dict[str, Any] = {"limit_price": None, "stop_price": None, "trail_amount": None}
    prices[name] = price
    waits = planned(
        "x", quantity, side=side, order_type=order_type, algo="none", attached_to="p", **prices
    )
    rests = resting("AAPL", side, quantity, order_type=order_type, **prices)
    for action in actions:
        assume(adjust_order(rests, action) is None)
    wanted = OrderTerms(
        "x", rests.quantity, rests.limit_price, rests.stop_price, rests.trail_amount
    )
    changed = changed_terms([], {"x": waits}, [applied(action) for action in actions])
    assert changed == ([] if wanted == OrderTerms("x", quantity, **prices) else [wanted])
