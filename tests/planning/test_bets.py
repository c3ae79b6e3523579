"""From signals to sized orders: how much is bet, netted against what, and why nothing is."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.planning.bets import Sized, SizingPolicy, size
from orderworks.planning.sizing import kelly_fraction

EQUITY, CASH = 1_000_000.0, 100_000.0
HALF_KELLY = SizingPolicy(
    method="half_kelly",
    fixed_notional=15_000.0,
    percent_equity=2.0,
    max_position_pct=5.0,
    gross_cap_pct=100.0,
    stop_loss_pct=2.0,
    protect_entries=True,
    signal_meaning="target",
)
FIXED = replace(HALF_KELLY, method="fixed")
PERCENT = replace(HALF_KELLY, method="percent_equity")
KELLY_INPUTS = ["win_rate", "avg_win_pct", "avg_loss_pct"]
SIGNAL: dict[str, Any] = {
    "strategy": "trend",
    "direction": "long",
    "strength": 0.5,
    "price": 100.0,
    "ts": datetime(2026, 11, 20, 14, 30, tzinfo=UTC),
    "win_rate": 0.55,
    "avg_win_pct": 2.0,
    "avg_loss_pct": 1.0,
    "lot_size": 1,
    "holdings": 0,
    "open_buys": 0,
    "open_sells": 0,
}


def signals(*rows: dict[str, Any]) -> pd.DataFrame:
    """Long signals of an edge of 0.325, each changed as its row says; alone on their symbols."""
    table = []
    for number, row in enumerate(rows):
        signal = SIGNAL | {"symbol": f"S{number}", "row": number + 2} | row
        alone = {
            "own_holdings": signal["holdings"],
            "own_open_remaining": signal["open_buys"] - signal["open_sells"],
        }
        table.append(alone | signal)
    return pd.DataFrame(table)


def sized(*rows: dict[str, Any], policy: SizingPolicy = HALF_KELLY, cash: float = CASH) -> Sized:
    return size(signals(*rows), equity=EQUITY, cash=cash, policy=policy)


def traded(*rows: dict[str, Any], policy: SizingPolicy = HALF_KELLY, cash: float = CASH) -> Any:
    """Signed quantities."""
    orders = sized(*rows, policy=policy, cash=cash).orders
    return (orders["quantity"] * np.where(orders["side"] == "buy", 1, -1)).tolist()


@pytest.mark.parametrize("policy", [HALF_KELLY, FIXED, PERCENT])
def test_nothing_is_bet_on_an_equity_below_zero(policy: SizingPolicy) -> None:
    table = signals({}, {"direction": "short"}, {"holdings": 50})
    indebted = size(table, equity=-10_000.0, cash=100.0, policy=policy)
    assert indebted.orders[["symbol", "side", "quantity"]].to_numpy().tolist() == [
        ["S2", "sell", 50]
    ]
    weighed = size(signals({"weight": 0.1}), equity=-10_000.0, cash=100.0, policy=policy)
    assert weighed.orders.empty


def test_half_kelly_is_half_of_the_fraction_of_cash() -> None:
    # f* = 0.55 - 0.45 / 2 = 0.325: 16,250 of 100,000 at 100 a share.
    assert traded({}, {"direction": "short"}, {"price": 90.0}) == [162, -162, 180]
    assert sized({}).orders["kelly_fraction"].iloc[0] == pytest.approx(0.325)


def test_the_published_bet_that_is_expected_to_lose_is_not_made() -> None:
    """A win rate of 45 % at even odds has a fraction of -.10."""
    found = sized({"win_rate": 0.45, "avg_win_pct": 1.0, "avg_loss_pct": 1.0})
    assert found.orders.empty
    (refused,) = found.refused.to_dict("records")
    assert refused["code"] == "NO_EDGE"
    assert refused["saw"]["kelly_fraction"] == pytest.approx(-0.10)


@given(st.floats(0.3, 0.9), st.floats(0.5, 5), st.floats(0.5, 5), st.floats(1, 500))
def test_a_bet_is_the_formula_or_its_cap(
    win_rate: float, win: float, loss: float, price: float
) -> None:
    fraction = kelly_fraction(win_rate, win, loss)
    row = {"win_rate": win_rate, "avg_win_pct": win, "avg_loss_pct": loss, "price": price}
    found = sized(row)
    if fraction <= 0:
        assert found.refused["code"].tolist() == ["NO_EDGE"]
        return
    shares = min(fraction / 2 * CASH, EQUITY * 0.05) / price
    quantity = found.orders["quantity"].sum()
    assert shares - 1 - 1e-6 <= quantity <= shares + 1e-6


def test_a_bet_is_capped_at_a_share_of_equity() -> None:
    assert traded({}, cash=EQUITY) == [500]


def test_without_cash_nothing_is_bet() -> None:
    assert sized({}, cash=-1.0).refused["code"].tolist() == ["BELOW_ONE_LOT"]


def test_many_bets_are_scaled_into_the_gross_cap() -> None:
    capped = replace(FIXED, fixed_notional=50_000.0, gross_cap_pct=20.0)
    plain: list[dict[str, Any]] = [{}] * 10
    assert traded(*plain, policy=capped) == [200] * 10
    assert traded(*plain[:4], policy=capped) == [500] * 4  # just inside: not scaled


def test_a_flat_signal_takes_nothing_of_the_gross_cap() -> None:
    capped = replace(FIXED, fixed_notional=50_000.0, gross_cap_pct=5.0)
    assert traded({}, {"direction": "flat", "holdings": 7}, policy=capped) == [500, -7]


@given(
    st.lists(st.tuples(st.floats(1, 400), st.sampled_from(["long", "short"])), min_size=1),
    st.floats(1, 50),
)
def test_the_sum_of_the_bets_stays_inside_the_gross_cap(
    bets: list[tuple[float, str]], gross_cap_pct: float
) -> None:
    policy = replace(FIXED, fixed_notional=40_000.0, gross_cap_pct=gross_cap_pct)
    orders = sized(*({"price": p, "direction": d} for p, d in bets), policy=policy).orders
    money = (orders["quantity"] * orders["decision_price"]).sum()
    assert money <= EQUITY * gross_cap_pct / 100 * (1 + 1e-9)


def test_fixed_and_percent_of_equity_need_no_kelly_inputs() -> None:
    row = dict.fromkeys(KELLY_INPUTS, np.nan)
    assert traded(row, policy=FIXED) == [150]
    assert traded(row, policy=PERCENT) == [200]


def test_lots_are_cut_toward_zero() -> None:
    found = traded({"lot_size": 100}, {"lot_size": 100, "direction": "short"}, policy=FIXED)
    assert found == [100, -100]


def test_a_given_quantity_replaces_sizing() -> None:
    without: dict[str, Any] = dict.fromkeys(KELLY_INPUTS, np.nan)
    lots = {"quantity": 250, "lot_size": 100}
    assert traded(without | {"quantity": 7_000}, {"quantity": np.nan}, lots) == [7_000, 162, 200]


def test_weights_are_of_equity_and_as_asked() -> None:
    assert traded({"weight": 0.25}, {"weight": -0.1, "direction": "short"}) == [2_500, -1_000]


def test_a_target_is_netted_against_what_is_held_and_open() -> None:
    found = traded(
        {"quantity": 500, "holdings": 200, "open_buys": 100},
        {"quantity": 500, "holdings": 800},
        {"quantity": 500, "holdings": 200, "direction": "short"},
    )
    assert found == [200, -300, -700]


def test_an_order_is_not_netted() -> None:
    policy = replace(HALF_KELLY, signal_meaning="order")
    row = {"quantity": 500, "holdings": 200, "open_buys": 100}
    found = sized(row, policy=policy).orders.iloc[0]
    assert (found["side"], found["quantity"], found["target"]) == ("buy", 500, 800)


def test_flat_closes_what_is_held() -> None:
    rows = [{"direction": "flat", "holdings": held} for held in (300, -200, 0)]
    found = sized(*rows)
    assert found.orders[["side", "quantity", "target"]].to_numpy().tolist() == [
        ["sell", 300, 0],
        ["buy", 200, 0],
    ]
    assert found.orders["stop_loss_price"].isna().all()
    assert found.refused["code"].tolist() == ["AT_TARGET"]


def test_strategies_on_one_symbol_are_netted_each_against_its_own() -> None:
    shared = {"symbol": "AAPL", "holdings": 300}
    found = sized(
        shared | {"strategy": "a", "direction": "flat", "own_holdings": 100},
        shared | {"strategy": "b", "quantity": 250, "own_holdings": 200},
        shared | {"strategy": "c", "quantity": 40, "own_holdings": 0, "own_open_remaining": 40},
    )
    assert found.orders[["strategy", "side", "quantity", "target"]].to_numpy().tolist() == [
        ["a", "sell", 100, 200],
        ["b", "buy", 50, 350],
    ]
    assert found.refused[["strategy", "code"]].to_numpy().tolist() == [["c", "AT_TARGET"]]


@pytest.mark.parametrize(
    ("row", "code", "told"),
    [
        ({"win_rate": np.nan}, "KELLY_INPUTS_MISSING", "win_rate, avg_win_pct or avg_loss_pct"),
        ({"avg_loss_pct": np.nan}, "KELLY_INPUTS_MISSING", "is missing"),
        ({"win_rate": 0.3}, "NO_EDGE", "Kelly fraction -0.0500"),
        ({"win_rate": 1 / 3, "avg_win_pct": 2.0}, "NO_EDGE", "is not above zero"),
        ({"price": 16_251.0}, "BELOW_ONE_LOT", "less than one lot at 16251.0"),
        ({"holdings": 162}, "AT_TARGET", "162 held and 0 open"),
        ({"open_buys": 162}, "AT_TARGET", "0 held and 162 open"),
    ],
)
def test_a_signal_without_an_order_says_why(row: dict[str, Any], code: str, told: str) -> None:
    found = sized(row)
    assert found.orders.empty
    (refused,) = found.refused.to_dict("records")
    assert (refused["strategy"], refused["symbol"], refused["code"]) == ("trend", "S0", code)
    assert told in refused["reason"]
    assert set(refused["saw"]) == {"kelly_fraction", "price", "holdings", "open_buys", "open_sells"}


def test_without_the_columns_half_kelly_is_refused_and_a_quantity_is_not() -> None:
    table = signals({}, {"quantity": 10}, {"direction": "flat", "holdings": 5})
    found = size(table.drop(columns=KELLY_INPUTS), equity=EQUITY, cash=CASH, policy=HALF_KELLY)
    assert found.refused[["symbol", "code"]].to_numpy().tolist() == [["S0", "KELLY_INPUTS_MISSING"]]
    assert found.orders[["symbol", "quantity"]].to_numpy().tolist() == [["S1", 10], ["S2", 5]]


def test_an_entry_carries_a_stop_on_the_losing_side() -> None:
    orders = sized({}, {"direction": "short"}, {"quantity": 10, "holdings": 20}).orders
    assert orders["stop_loss_price"].tolist()[:2] == pytest.approx([98.0, 102.0])
    assert np.isnan(orders["stop_loss_price"].iloc[2])


@pytest.mark.parametrize(
    ("held", "wanted", "reduces", "protected"),
    [
        (0, 10, False, True),
        (0, -10, False, True),
        (10, 30, False, True),
        (-10, -30, False, True),
        (30, 10, True, False),
        (-30, -10, True, False),
        (30, 0, True, False),
        # It turns the position round: what it closes is not to be protected.
        (30, -10, False, False),
        (-30, 10, False, False),
    ],
)
def test_only_what_opens_is_protected_and_what_only_closes_reduces(
    held: int, wanted: int, reduces: bool, protected: bool
) -> None:
    direction = "flat" if wanted == 0 else "long" if wanted > 0 else "short"
    sign = 1 if wanted > 0 else -1
    signal = {
        "direction": direction,
        "quantity": abs(wanted) or np.nan,
        "take_profit_price": 100.0 + sign * 5,
    }
    own = [
        {"holdings": held},
        {"open_buys": max(held, 0), "open_sells": max(-held, 0)},
        {"own_holdings": held, "own_open_remaining": 0, "holdings": -7},
    ]
    for order in sized(*(signal | one for one in own)).orders.to_dict("records"):
        assert order["reduce_only"] == reduces
        exits = [order["stop_loss_price"], order["take_profit_price"]]
        assert exits == (
            [100 - sign * 2, 100 + sign * 5]
            if protected
            else pytest.approx([np.nan] * 2, nan_ok=True)
        )


def test_what_later_steps_need_is_carried() -> None:
    order = sized({"order_type": "limit", "limit_price": 99.5, "tif": "gtc"}).orders.iloc[0]
    assert (order["order_type"], order["limit_price"], order["tif"]) == ("limit", 99.5, "gtc")
    assert (order["row"], order["decision_price"], order["strength"]) == (2, 100.0, 0.5)
    assert order["signal_ts"] == SIGNAL["ts"]
    assert "algo" not in order
