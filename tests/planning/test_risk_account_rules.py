"""The rules that look at the account and at sums over orders."""

from typing import Any

import pytest
from risk_tables import NAN, account, codes, first_refusal

from orderworks.planning.risk.rules import (
    buying_power,
    daily_loss,
    drawdown,
    duplicate_intent,
    gross_exposure,
    kill_switch,
    locked,
    net_exposure,
    orders_per_day,
    pattern_day_trader,
    session_closed,
    turnover_per_day,
)
from orderworks.planning.risk.verdict import Rule

EXIT = {"side": "sell", "holdings": 1_000, "symbol": "HELD"}
UNPRICED = {"decision_price": NAN}


def test_kill_switch_stops_everything() -> None:
    assert codes(kill_switch, account(), {}, EXIT) == ["ACCEPTED"] * 2
    thrown = account(kill_switch=True, kill_reason="runaway TWAP, thrown by ann")
    assert codes(kill_switch, thrown, {}, EXIT) == ["KILL_SWITCH"] * 2
    reason, saw = first_refusal(kill_switch, thrown, {})
    assert reason == "the kill switch is on: runaway TWAP, thrown by ann"
    assert saw["kill_reason"] == "runaway TWAP, thrown by ann"


def test_session_closed_stops_everything() -> None:
    assert codes(session_closed, account(), {}, EXIT) == ["ACCEPTED"] * 2
    closed = account(session_open=False, session_reason="2026-11-26 is Thanksgiving")
    assert codes(session_closed, closed, {}, EXIT) == ["SESSION_CLOSED"] * 2
    reason, _ = first_refusal(session_closed, closed, {})
    assert reason == "the market is not in session: 2026-11-26 is Thanksgiving"


def test_duplicate_intent() -> None:
    context = account(known_intents=frozenset({("trend", "MSFT")}))
    decided = codes(
        duplicate_intent,
        context,
        {"holdings": 500},
        {"holdings": 500, "strategy": "value"},
        {"holdings": 500, "side": "sell"},
        {"symbol": "MSFT"},
        {"symbol": "MSFT", "strategy": "value"},
    )
    duplicate = "DUPLICATE_INTENT"
    assert decided == ["ACCEPTED", "ACCEPTED", duplicate, duplicate, "ACCEPTED"]
    reason, saw = first_refusal(duplicate_intent, context, {}, {})
    assert reason == (
        "trend already has an order for AAPL: 1 before it in this table, "
        "0 in other runs of this occasion"
    )
    assert (saw["times_in_table"], saw["times_in_other_runs"]) == (1, 0)


SALE = {"side": "sell", "holdings": 100}


@pytest.mark.parametrize(
    ("facts", "order", "code"),
    [
        # Two day trades so far: this is the third, or the fourth after three.
        ({"day_trades_last_5_sessions": 2, "bought_today": {"AAPL": 100}}, SALE, "ACCEPTED"),
        ({"bought_today": {"AAPL": 100}}, SALE, "PATTERN_DAY_TRADER"),
        ({"bought_today": {"AAPL": 100}, "equity": 25_000.0}, SALE, "ACCEPTED"),
        # Held overnight and not bought again today.
        ({}, SALE, "ACCEPTED"),
        ({"bought_today": {"MSFT": 100}}, SALE, "ACCEPTED"),
        # A long position sold today and bought again is two positions, no day trade.
        ({"sold_today": {"AAPL": 100}}, {}, "ACCEPTED"),
        ({"sold_today": {"AAPL": 100}}, {"holdings": -100}, "PATTERN_DAY_TRADER"),
        ({}, {"holdings": -100}, "ACCEPTED"),
        # An open purchase may fill before the sale.
        ({}, SALE | {"open_buys": 50}, "PATTERN_DAY_TRADER"),
    ],
)
def test_pattern_day_trader(facts: dict[str, Any], order: dict[str, Any], code: str) -> None:
    small = {"equity": 24_999.99, "day_trades_last_5_sessions": 3}
    assert codes(pattern_day_trader, account(**(small | facts)), order) == [code]


def test_pattern_day_trader_counts_through_the_table() -> None:
    bought = {"AAPL": 100, "MSFT": 100}
    context = account(equity=20_000.0, day_trades_last_5_sessions=2, bought_today=bought)
    rows = [SALE, SALE | {"symbol": "MSFT"}, {"symbol": "IBM"}]
    decided = codes(pattern_day_trader, context, *rows)
    assert decided == ["ACCEPTED", "PATTERN_DAY_TRADER", "ACCEPTED"]
    reason, saw = first_refusal(pattern_day_trader, context, *rows)
    assert reason == (
        "it would be day trade 4 in five sessions, more than 3, "
        "with equity 20,000.00 below 25,000.00"
    )
    assert saw["day_trade"] == 4


def test_a_purchase_and_a_sale_in_one_table_are_a_day_trade() -> None:
    context = account(equity=20_000.0, day_trades_last_5_sessions=3)
    assert codes(pattern_day_trader, context, {"holdings": 100}, SALE) == [
        "ACCEPTED",
        "PATTERN_DAY_TRADER",
    ]


def test_daily_loss() -> None:
    """A million at the day's start and a limit of 2 %: 20,000 may be lost."""
    limits = {"max_daily_loss_pct": 2.0}
    at_limit = account(limits, equity=980_000.0, day_pnl=-20_000.0)
    beyond = account(limits, equity=979_999.0, day_pnl=-20_001.0)
    assert codes(daily_loss, at_limit, {}, EXIT) == ["ACCEPTED", "ACCEPTED"]
    assert codes(daily_loss, beyond, {}, EXIT) == ["DAILY_LOSS", "ACCEPTED"]
    reason, saw = first_refusal(daily_loss, beyond, {})
    assert reason == (
        "the day's loss of 20,001.00 is more than 20,000.00, 2 % of the equity at its start, "
        "and the order could open a position"
    )
    assert (saw["loss"], saw["limit"]) == (20_001.0, 20_000.0)


def test_drawdown() -> None:
    limits = {"max_drawdown_pct": 20.0}
    at_limit = account(limits, equity=800_000.0)
    beyond = account(limits, equity=799_999.0)
    assert codes(drawdown, at_limit, {}, EXIT) == ["ACCEPTED", "ACCEPTED"]
    assert codes(drawdown, beyond, {}, EXIT) == ["DRAWDOWN", "ACCEPTED"]
    reason, saw = first_refusal(drawdown, beyond, {})
    assert reason == (
        "the equity 799,999.00 is 200,001.00 below its peak 1,000,000.00, more than 20 %, "
        "and the order could open a position"
    )
    assert saw["drawdown"] == 200_001.0


def test_orders_per_day() -> None:
    context = account({"max_orders_per_day": 10}, orders_today=8)
    assert codes(orders_per_day, context, {}, {}, EXIT) == ["ACCEPTED"] * 2 + ["ORDERS_PER_DAY"]
    reason, saw = first_refusal(orders_per_day, context, {}, {}, {})
    assert reason == "it would be order 11 of the day, more than 10"
    assert (saw["order_of_day"], saw["limit"]) == (11, 10)


# A million of equity; each rule has 20,000 left, and an order is worth 10,000.
LEFT_FOR_TWO: list[tuple[Rule, str, dict[str, Any], dict[str, Any]]] = [
    (
        turnover_per_day,
        "TURNOVER_PER_DAY",
        {"max_turnover_per_day_pct": 50},
        {"turnover_today": 480_000.0},
    ),
    (
        gross_exposure,
        "GROSS_EXPOSURE",
        {"max_gross_exposure_pct": 100},
        {"gross_exposure": 980_000.0},
    ),
    (net_exposure, "NET_EXPOSURE", {"max_net_exposure_pct": 50}, {"net_exposure": 480_000.0}),
    (buying_power, "BUYING_POWER", {}, {"buying_power": 20_000.0}),
]


@pytest.mark.parametrize(("rule", "code", "limits", "facts"), LEFT_FOR_TWO)
def test_what_fits_goes_on_after_what_does_not(
    rule: Rule, code: str, limits: dict[str, Any], facts: dict[str, Any]
) -> None:
    context = account(limits, **facts)
    rows = [{"symbol": name, "quantity": shares} for name, shares in [("A", 100), ("B", 101)]]
    assert codes(rule, context, *rows, {"symbol": "C"}) == ["ACCEPTED", code, "ACCEPTED"]
    assert codes(
        rule, context, {"symbol": "A"}, {"symbol": "B"}, {"symbol": "C", "quantity": 1}
    ) == [
        "ACCEPTED",
        "ACCEPTED",
        code,
    ]


@pytest.mark.parametrize(("rule", "code", "limits", "facts"), LEFT_FOR_TWO)
def test_reducing_orders_pass_and_an_unknown_price_does_not(
    rule: Rule, code: str, limits: dict[str, Any], facts: dict[str, Any]
) -> None:
    spent = account(limits, **{name: 0.0 if name == "buying_power" else 5e6 for name in facts})
    assert codes(rule, spent, EXIT, {}) == ["ACCEPTED", code]
    assert codes(rule, account(limits, **facts), UNPRICED, {}) == [code, "ACCEPTED"]


def test_tenths_that_add_up_to_the_limit_on_paper_fit() -> None:
    """0.1 + 0.1 + 0.1 > 0.3 in float64."""
    tenths = [{"symbol": name, "quantity": 1, "decision_price": 0.1} for name in "ABC"]
    assert codes(buying_power, account(buying_power=0.3), *tenths) == ["ACCEPTED"] * 3


def test_reductions_make_room_in_gross_exposure_wherever_they_stand() -> None:
    full = account({"max_gross_exposure_pct": 100}, gross_exposure=1_000_000.0)
    purchase = {"quantity": 100}
    assert codes(gross_exposure, full, purchase) == ["GROSS_EXPOSURE"]
    assert codes(gross_exposure, full, purchase, EXIT) == ["ACCEPTED", "ACCEPTED"]


def test_reductions_use_turnover_before_the_others_do() -> None:
    context = account({"max_turnover_per_day_pct": 1})
    assert codes(turnover_per_day, context, {}) == ["ACCEPTED"]
    assert codes(turnover_per_day, context, {}, EXIT) == ["TURNOVER_PER_DAY", "ACCEPTED"]


def test_reductions_move_the_net_exposure_before_the_others_do() -> None:
    context = account({"max_net_exposure_pct": 1}, net_exposure=10_000.0)
    assert codes(net_exposure, context, {}) == ["NET_EXPOSURE"]
    assert codes(net_exposure, context, {}, EXIT) == ["ACCEPTED", "ACCEPTED"]


def test_a_reversal_adds_only_what_it_exceeds_the_old_position_by() -> None:
    full = account({"max_gross_exposure_pct": 100}, gross_exposure=1_000_000.0)
    reversal = {"side": "sell", "holdings": 100}
    assert codes(gross_exposure, full, reversal | {"quantity": 200}) == ["ACCEPTED"]
    assert codes(gross_exposure, full, reversal | {"quantity": 201}) == ["GROSS_EXPOSURE"]
    # It might stop half way, so it makes no room for others.
    rows = [reversal | {"quantity": 150}, {"symbol": "MSFT", "quantity": 1}]
    assert codes(gross_exposure, full, *rows) == ["ACCEPTED", "GROSS_EXPOSURE"]


def test_buying_power_is_needed_only_for_the_part_that_opens() -> None:
    context = account(buying_power=10_000.0)
    reversal = {"side": "sell", "holdings": 500}
    assert codes(buying_power, context, reversal | {"quantity": 600}) == ["ACCEPTED"]
    assert codes(buying_power, context, reversal | {"quantity": 601}) == ["BUYING_POWER"]
    assert codes(buying_power, account(buying_power=0.0), EXIT, {}) == ["ACCEPTED", "BUYING_POWER"]


def test_longs_and_shorts_that_alternate_balance_the_net_exposure() -> None:
    context = account({"max_net_exposure_pct": 1})
    long, short = {"quantity": 100}, {"quantity": 100, "side": "sell"}
    rows = [row | {"symbol": f"S{i}"} for i, row in enumerate([long, short, short, short, long])]
    decided = codes(net_exposure, context, *rows)
    assert decided == ["ACCEPTED"] * 3 + ["NET_EXPOSURE", "ACCEPTED"]


@pytest.mark.parametrize(
    ("rule", "limits", "facts", "reason"),
    [
        (
            turnover_per_day,
            {"max_turnover_per_day_pct": 50},
            {"turnover_today": 495_000.0},
            "notional 10,000.00 takes the day's turnover from 495,000.00 to 505,000.00, "
            "more than 500,000.00, 50 % of the equity",
        ),
        (
            gross_exposure,
            {"max_gross_exposure_pct": 100},
            {"gross_exposure": 995_000.0},
            "it adds 10,000.00 to a gross exposure of 995,000.00, which would be more than "
            "1,000,000.00, 100 % of the equity",
        ),
        (
            net_exposure,
            {"max_net_exposure_pct": 50},
            {"net_exposure": 495_000.0},
            "it takes the net exposure from 495,000.00 to 505,000.00, further from zero than "
            "500,000.00, 50 % of the equity",
        ),
        (
            buying_power,
            {},
            {"buying_power": 5_000.0},
            "it needs 10,000.00 of buying power, and 5,000.00 of 5,000.00 is left",
        ),
    ],
)
def test_the_sums_are_said(
    rule: Rule, limits: dict[str, Any], facts: dict[str, Any], reason: str
) -> None:
    assert first_refusal(rule, account(limits, **facts), {})[0] == reason


def test_a_locked_symbol_is_not_ordered_and_a_locked_account_orders_nothing() -> None:
    free = account(locked={"MSFT": "a break of MSFT"})
    assert codes(locked, free, {}, EXIT) == ["ACCEPTED"] * 2
    symbol = account(locked={"AAPL": "break 3 of AAPL"})
    assert codes(locked, symbol, {}, {"symbol": "MSFT"}) == ["LOCKED", "ACCEPTED"]
    reason, saw = first_refusal(locked, symbol, {})
    assert (reason, saw["lock"]) == ("AAPL is locked by break 3 of AAPL", "break 3 of AAPL")
    assert codes(locked, account(account_lock="a break of cash"), {}, EXIT) == ["LOCKED"] * 2
