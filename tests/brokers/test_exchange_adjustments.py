"""What splits and dividends make of positions and of resting orders, to the share and to the cent."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from exchange_orders import account, resting
from hypothesis import given
from hypothesis import strategies as st
from small_market import LATER

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.corporate_actions import Applied, adjust_order, apply_actions
from orderworks.model.corporate_action import ActionKind, CorporateAction

D = Decimal
CLOSE = D("100.00")


def split(ratio: str) -> CorporateAction:
    return CorporateAction(LATER.date, "A", ActionKind.SPLIT, ratio=Fraction(ratio))


def dividend(amount: str) -> CorporateAction:
    return CorporateAction(LATER.date, "A", ActionKind.DIVIDEND, amount=D(amount))


def applied_to(
    holder: ExchangeAccount, *actions: CorporateAction, orders: Iterable[ExchangeOrder] = ()
) -> Applied:
    return apply_actions(actions, holder, orders, lambda _: CLOSE, LATER.open)


# Positions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "ratio", "left", "cash"),
    [
        (100, "2", 200, "0"),
        (-100, "2", -200, "0"),
        (5, "3/2", 7, "33.33"),
        (-5, "3/2", -7, "-33.33"),
        (25, "1/10", 2, "500.00"),
        (9, "1/10", 0, "900.00"),
    ],
)
def test_a_split_leaves_whole_shares_and_pays_the_fraction(
    held: int, ratio: str, left: int, cash: str
) -> None:
    holder = account("1000", {"A": (held, "80")})
    (action,) = applied_to(holder, split(ratio)).actions
    assert holder.positions["A"][0] == left
    assert holder.cash == 1_000 + D(cash)
    assert (action.quantity_change, action.cash_change) == (left - held, D(cash))
    assert action.action_id == "2026-11-23.A.split"


@given(
    held=st.integers(-100_000, 100_000).filter(bool),
    ratio=st.fractions(Fraction(1, 50), 50, max_denominator=50).filter(bool),
    price=st.decimals(D("0.01"), D(1_000), places=2),
)
def test_a_split_conserves_value_to_the_cent(held: int, ratio: Fraction, price: Decimal) -> None:
    holder = account("0", {"A": (held, "80")})
    apply_actions([split(str(ratio))], holder, [], lambda _: price, LATER.open)
    left, cost = holder.positions["A"]
    worth = left * Fraction(price) / ratio + Fraction(holder.cash)
    assert abs(worth - held * Fraction(price)) <= Fraction(1, 200)
    assert abs(left) <= abs(held * ratio) < abs(left) + 1
    assert abs(Fraction(cost) * ratio - left * 80) < Fraction(1, 10**12)


@given(
    held=st.integers(-100_000, 100_000).filter(bool),
    amount=st.decimals(D("0.01"), D(50), places=2),
)
def test_a_dividend_is_shares_times_its_amount(held: int, amount: Decimal) -> None:
    holder = account("500", {"A": (held, "80")})
    (action,) = applied_to(holder, dividend(str(amount))).actions
    assert holder.cash - 500 == action.cash_change == held * amount
    assert holder.positions["A"] == (held, held * D(80))


def test_of_one_day_the_dividend_is_paid_on_the_old_shares() -> None:
    holder = account("0", {"A": (100, "80")})
    applied = applied_to(holder, dividend("0.50"), split("2"))
    assert holder.cash == 50
    assert [action.quantity_change for action in applied.actions] == [0, 100]


def test_what_concerns_nothing_of_the_account_is_left_out() -> None:
    assert applied_to(account("0", {"B": (100, "80")}), split("2")) == Applied()


# Resting orders ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "before", "after"),
    [
        ("buy", {"limit_price": "90.00"}, {"limit_price": "89.75"}),
        ("sell", {"stop_price": "90.00"}, {"stop_price": "89.75"}),
        (
            "sell",
            {"stop_price": "90.00", "limit_price": "89.00"},
            {"stop_price": "89.75", "limit_price": "88.75"},
        ),
        ("sell", {"limit_price": "110.00"}, {"limit_price": "110.00"}),
        ("buy", {"stop_price": "110.00"}, {"stop_price": "110.00"}),
        (
            "buy",
            {"stop_price": "110.00", "limit_price": "111.00"},
            {"stop_price": "110.00", "limit_price": "111.00"},
        ),
    ],
)
def test_a_dividend_lowers_buy_limits_and_sell_stops_only(
    side: str, before: dict[str, str], after: dict[str, str]
) -> None:
    rests = resting("A", side, 10, **_prices(before))
    assert adjust_order(rests, dividend("0.25")) is None
    assert rests == resting("A", side, 10, **_prices(after))


def test_a_dividend_rounds_down_and_one_below_a_cent_changes_nothing() -> None:
    rests = resting("A", "buy", 10, limit_price=D("90.00"))
    adjust_order(rests, dividend("0.0099"))
    assert rests.limit_price == D("90.00")
    adjust_order(rests, dividend("0.255"))
    assert rests.limit_price == D("89.74")


def test_a_dividend_above_the_price_cancels() -> None:
    rests = resting("A", "buy", 10, limit_price=D("0.25"))
    assert adjust_order(rests, dividend("0.25")) == (
        "cancelled: the dividend of 0.25 on A leaves nothing of its price"
    )
    assert rests.limit_price == D("0.25")


@pytest.mark.parametrize(
    ("side", "before", "after"),
    [
        ("buy", {"limit_price": "100.00"}, {"limit_price": "66.66"}),
        ("sell", {"limit_price": "100.00"}, {"limit_price": "66.67"}),
        ("buy", {"stop_price": "100.00"}, {"stop_price": "66.67"}),
        ("sell", {"stop_price": "100.00"}, {"stop_price": "66.66"}),
        ("sell", {"trail_amount": "1.50"}, {"trail_amount": "1.00"}),
    ],
)
def test_a_split_changes_prices_so_that_nothing_trades_sooner(
    side: str, before: dict[str, str], after: dict[str, str]
) -> None:
    rests = resting("A", side, 11, filled_quantity=4, **_prices(before))
    assert adjust_order(rests, split("3/2")) is None
    assert rests == resting("A", side, 14, filled_quantity=4, **_prices(after))
    assert rests.remaining == 10


def test_a_reverse_split_cancels_what_rests() -> None:
    rests = resting("A", "buy", 1_000, limit_price=D(90))
    applied = applied_to(account("0"), split("1/10"), orders=[rests])
    assert applied.cancelled == [(rests, "cancelled by a reverse split of A, 1/10 for 1")]
    assert [action.quantity_change for action in applied.actions] == [0]
    assert rests.quantity == 1_000


@pytest.mark.parametrize(
    ("side", "action", "before", "after"),
    [
        ("sell", dividend("0.40"), ("100", "98.50"), ("99.60", "98.10")),
        ("buy", dividend("0.40"), ("100", "101.50"), ("100", "101.50")),
        ("sell", split("3/2"), ("100", "98.50"), ("66.6666", "65.66")),
        ("buy", split("3/2"), ("100", "101.50"), ("66.6667", "67.67")),
    ],
)
def test_what_a_trailing_stop_has_followed_goes_with_its_stop(
    side: str, action: CorporateAction, before: tuple[str, str], after: tuple[str, str]
) -> None:
    rests = resting("A", side, 10, trail_percent=D("0.015"))
    rests.watermark, rests.stop_price = map(D, before)
    assert adjust_order(rests, action) is None
    assert (rests.watermark, rests.stop_price) == tuple(map(D, after))


def test_a_stop_limit_that_was_triggered_is_a_limit() -> None:
    prices = _prices({"stop_price": "110.00", "limit_price": "111.00"})
    rests = resting("A", "buy", 10, triggered=True, **prices)
    assert adjust_order(rests, dividend("0.25")) is None
    assert rests.limit_price == D("110.75")


@given(
    quantity=st.integers(1, 10_000),
    price=st.decimals(D("0.01"), D(1_000), places=2),
    side=st.sampled_from(["buy", "sell"]),
    ratio=st.fractions(1, 50, max_denominator=20),
)
def test_a_split_limit_stays_on_the_grid_and_is_never_made_worse(
    quantity: int, price: Decimal, side: str, ratio: Fraction
) -> None:
    rests = resting("A", side, quantity, limit_price=price)
    if adjust_order(rests, split(str(ratio))) is not None:
        assert (rests.quantity, rests.limit_price) == (quantity, price)
        return
    limit = rests.limit_price
    assert limit is not None
    tick = D("0.01") if limit >= 1 else D("0.0001")
    assert limit % tick == 0
    sign = 1 if side == "buy" else -1
    beyond = sign * (Fraction(limit) - Fraction(price) / ratio)
    assert -Fraction(tick) < beyond <= 0
    assert rests.quantity == int(quantity * ratio)


def _prices(texts: dict[str, str]) -> dict[str, Any]:
    return {name: D(text) for name, text in texts.items()}
