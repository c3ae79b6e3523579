"""The rules that look at one order: what passes at the limit, what is refused beyond it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_tables import NAN, account, codes, first_refusal, orders

from orderworks.planning.risk import gate
from orderworks.planning.risk.rules import (
    adv_participation,
    max_order_notional,
    max_order_quantity,
    max_position,
    price_collar,
    quote_sound,
    restricted_list,
    short_permission,
)
from orderworks.planning.risk.verdict import Rule

EXIT = {"side": "sell", "holdings": 1_000_000, "symbol": "HELD"}


@pytest.mark.parametrize(
    ("quote", "code"),
    [
        ({}, "ACCEPTED"),
        ({"bid": 100.0, "ask": 100.0}, "ACCEPTED"),
        ({"quote_problem": NAN}, "ACCEPTED"),
        ({"quote_problem": "QUOTE_STALE"}, "QUOTE_STALE"),
        ({"quote_problem": "QUOTE_CROSSED"}, "QUOTE_CROSSED"),
        ({"quote_problem": "QUOTE_MISSING"}, "QUOTE_MISSING"),
        ({"quote_problem": "QUOTE_ONE_SIDED", "bid_size": 0}, "QUOTE_ONE_SIDED"),
        ({"quote_problem": "QUOTE_STALE", "bid": 101.0}, "QUOTE_STALE"),
        ({"bid": NAN, "ask": NAN}, "QUOTE_MISSING"),
        ({"bid": NAN}, "QUOTE_ONE_SIDED"),
        ({"ask": 0.0}, "QUOTE_ONE_SIDED"),
        ({"bid": 100.2}, "QUOTE_CROSSED"),
    ],
)
def test_quote_sound(quote: dict[str, Any], code: str) -> None:
    assert codes(quote_sound, account(), quote, quote | EXIT) == [code, code]


def test_quote_sound_says_what_it_saw() -> None:
    one_sided = {"quote_problem": "QUOTE_ONE_SIDED", "bid": NAN, "bid_size": NAN}
    reason, saw = first_refusal(quote_sound, account(), one_sided)
    assert reason == "the quote has one side only: bid unknown x unknown, ask 100.1 x 500.0"
    assert saw["bid"] is None
    assert saw["bid_size"] is None
    assert saw["quote_ts"] == "2026-11-20T15:00:00+00:00"

    stale = {"quote_problem": "QUOTE_STALE"}
    reason, _ = first_refusal(quote_sound, account(), stale)
    assert reason == "the quote of 2026-11-20T15:00:00+00:00 is too old: bid 99.9, ask 100.1"

    missing = {"quote_problem": "QUOTE_MISSING", "quote_ts": None}
    reason, saw = first_refusal(quote_sound, account(), missing)
    assert reason == "there is no quote for AAPL"
    assert saw["quote_ts"] is None

    reason, _ = first_refusal(quote_sound, account(), {"bid": 100.2})
    assert reason == "the quote is crossed: bid 100.2 above ask 100.1"


PRICE_COLLAR = account({"max_price_deviation_pct": 5.0})


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"decision_price": 105.0}, "ACCEPTED"),
        ({"decision_price": 95.0}, "ACCEPTED"),
        ({"decision_price": 105.01}, "PRICE_COLLAR"),
        ({"decision_price": 94.99}, "PRICE_COLLAR"),
        ({"decision_price": 94.99} | EXIT, "PRICE_COLLAR"),
        ({"bid": NAN}, "PRICE_COLLAR"),
        ({"decision_price": NAN}, "PRICE_MISSING"),
        ({"decision_price": float("inf")}, "PRICE_MISSING"),
        ({"decision_price": 0.0}, "PRICE_MISSING"),
    ],
)
def test_price_collar(order: dict[str, Any], code: str) -> None:
    assert codes(price_collar, PRICE_COLLAR, order) == [code]


def test_price_collar_says_what_it_saw() -> None:
    reason, saw = first_refusal(price_collar, PRICE_COLLAR, {"decision_price": 106.5})
    assert reason == "decision price 106.5 is 6.50 % from the mid 100.0, more than 5 %"
    assert (saw["mid"], saw["deviation_pct"], saw["limit_pct"]) == (100.0, 6.5, 5.0)
    reason, saw = first_refusal(price_collar, PRICE_COLLAR, {"decision_price": NAN})
    assert reason == "the decision price of AAPL is unknown, which is no price"
    assert saw["decision_price"] is None


def test_max_order_quantity() -> None:
    context = account({"max_order_quantity": 5_000})
    over = {"quantity": 5_001}
    decided = codes(max_order_quantity, context, {"quantity": 5_000}, over, over | EXIT)
    assert decided == ["ACCEPTED", "MAX_ORDER_QUANTITY", "MAX_ORDER_QUANTITY"]
    reason, saw = first_refusal(max_order_quantity, context, over)
    assert reason == "quantity 5,001 is more than 5,000 shares"
    assert (saw["quantity"], saw["limit"]) == (5_001, 5_000)


def test_max_order_notional() -> None:
    context = account({"max_order_notional": 10_000.0})
    unpriced = {"decision_price": NAN}
    over = {"quantity": 101}
    decided = codes(max_order_notional, context, {}, over, over | EXIT, unpriced)
    assert decided == ["ACCEPTED"] + ["MAX_ORDER_NOTIONAL"] * 3
    reason, saw = first_refusal(max_order_notional, context, over)
    assert reason == "notional 10,100.00 is more than 10,000.00"
    assert (saw["notional"], saw["limit"]) == (10_100.0, 10_000.0)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"quantity": 4_000}, "ACCEPTED"),
        ({"quantity": 4_001}, "ADV_PARTICIPATION"),
        ({"quantity": 4_001} | EXIT, "ADV_PARTICIPATION"),
        ({"adv": NAN}, "ADV_MISSING"),
        ({"adv": 0.0}, "ADV_MISSING"),
        ({"adv": NAN} | EXIT, "ACCEPTED"),
    ],
)
def test_adv_participation(order: dict[str, Any], code: str) -> None:
    context = account({"max_adv_participation_pct": 5.0})
    assert codes(adv_participation, context, {"adv": 80_000.0} | order) == [code]


def test_adv_participation_says_what_it_saw() -> None:
    order = {"quantity": 5_000, "adv": 80_000.0}
    reason, saw = first_refusal(adv_participation, account(), order)
    assert reason == "quantity 5,000 is 6.25 % of the ADV 80,000, more than 5 %"
    assert (saw["adv"], saw["adv_pct"], saw["limit_pct"]) == (80_000.0, 6.25, 5.0)
    reason, saw = first_refusal(adv_participation, account(), {"adv": NAN})
    assert (
        reason == "the ADV of AAPL is not known, so nothing bounds the impact of opening 100 shares"
    )
    assert saw["adv"] is saw["adv_pct"] is None


def test_restricted_list() -> None:
    context = account(restricted=frozenset({"GME"}))
    listed = {"symbol": "GME"}
    assert codes(restricted_list, context, {}, listed) == ["ACCEPTED", "RESTRICTED_LIST"]
    assert codes(restricted_list, context, EXIT | listed) == ["RESTRICTED_LIST"]
    assert first_refusal(restricted_list, context, listed)[0] == "GME is on the restricted list"


SALE = {"side": "sell", "quantity": 100}


@pytest.mark.parametrize(
    ("rows", "decided"),
    [
        ([SALE | {"holdings": 100}], ["ACCEPTED"]),
        ([SALE | {"holdings": 99}], ["SHORT_PERMISSION"]),
        ([SALE | {"holdings": -5}], ["SHORT_PERMISSION"]),
        ([SALE | {"holdings": 100, "open_sells": 1}], ["SHORT_PERMISSION"]),
        ([SALE | {"open_buys": 100}], ["SHORT_PERMISSION"]),
        ([{"holdings": -500}], ["ACCEPTED"]),
        # The second exit from one position is refused; one that was refused takes nothing.
        ([SALE | {"holdings": 150}] * 2, ["ACCEPTED", "SHORT_PERMISSION"]),
        (
            [SALE | {"holdings": 150, "quantity": 151}, SALE | {"holdings": 150}],
            ["SHORT_PERMISSION", "ACCEPTED"],
        ),
        # A purchase in the same table may not fill in time.
        ([{}, SALE], ["ACCEPTED", "SHORT_PERMISSION"]),
    ],
)
def test_short_permission(rows: list[dict[str, Any]], decided: list[str]) -> None:
    assert codes(short_permission, account(short_selling=False), *rows) == decided
    assert codes(short_permission, account(not_shortable=frozenset({"AAPL"})), *rows) == decided
    assert set(codes(short_permission, account(), *rows)) == {"ACCEPTED"}


def test_short_permission_says_what_it_saw() -> None:
    context = account(not_shortable=frozenset({"AAPL"}))
    reason, saw = first_refusal(short_permission, context, SALE | {"holdings": 60})
    assert reason == (
        "selling 100 takes the position from 60 to -40 shares, "
        "and AAPL may not be sold short in this account"
    )
    assert (saw["position"], saw["position_after"]) == (60, -40)


MAX_POSITION = account({"max_position_pct": 5.0})  # of a million: 500 shares at 100


@pytest.mark.parametrize(
    ("rows", "decided"),
    [
        ([{"quantity": 500}], ["ACCEPTED"]),
        ([{"quantity": 501}], ["MAX_POSITION"]),
        ([{"quantity": 500, "side": "sell"}], ["ACCEPTED"]),
        ([{"quantity": 501, "side": "sell"}], ["MAX_POSITION"]),
        ([{"quantity": 100, "holdings": 401}], ["MAX_POSITION"]),
        ([{"quantity": 100, "holdings": 300, "open_buys": 101}], ["MAX_POSITION"]),
        # From short over zero to long.
        ([{"quantity": 900, "holdings": -400}], ["ACCEPTED"]),
        ([{"quantity": 901, "holdings": -400}], ["MAX_POSITION"]),
        # Too large already: it may shrink, by any part.
        ([{"quantity": 1, "holdings": 9_000, "side": "sell"}], ["ACCEPTED"]),
        ([{"quantity": 9_501, "holdings": 9_000, "side": "sell"}], ["MAX_POSITION"]),
        # An open sale may not fill, and makes no room.
        ([{"quantity": 100, "holdings": 450, "open_sells": 450}], ["MAX_POSITION"]),
        # Two strategies share the symbol's limit; what was refused takes nothing of it.
        ([{"quantity": 300}, {"quantity": 201}], ["ACCEPTED", "MAX_POSITION"]),
        ([{"quantity": 501}, {"quantity": 300}], ["MAX_POSITION", "ACCEPTED"]),
        ([{"quantity": 300}, {"quantity": 300, "symbol": "MSFT"}], ["ACCEPTED", "ACCEPTED"]),
        ([{"decision_price": NAN}], ["MAX_POSITION"]),
    ],
)
def test_max_position(rows: list[dict[str, Any]], decided: list[str]) -> None:
    assert codes(max_position, MAX_POSITION, *rows) == decided


def test_without_equity_positions_only_shrink() -> None:
    broke = account(equity=-5_000.0)
    whole_exit = {"side": "sell", "holdings": 100, "symbol": "HELD"}
    assert codes(max_position, broke, whole_exit, {}) == ["ACCEPTED", "MAX_POSITION"]


def test_max_position_says_what_it_saw() -> None:
    reason, saw = first_refusal(max_position, MAX_POSITION, {"quantity": 200, "holdings": 400})
    assert reason == (
        "a position of 600 shares is worth 60,000.00, more than 50,000.00, 5 % of the equity"
    )
    assert (saw["position_after"], saw["position_value"], saw["limit"]) == (600, 6e4, 5e4)


PER_ORDER_LIMITS: list[tuple[Rule, str, float]] = [
    (price_collar, "max_price_deviation_pct", 10),
    (max_order_quantity, "max_order_quantity", 1_000),
    (max_order_notional, "max_order_notional", 100_000),
    (adv_participation, "max_adv_participation_pct", 20),
    (max_position, "max_position_pct", 10),
]
ROW = st.fixed_dictionaries(
    {
        "side": st.sampled_from(["buy", "sell"]),
        "quantity": st.integers(1, 1_200),
        "decision_price": st.floats(85, 115) | st.just(NAN),
        "adv": st.floats(500, 20_000) | st.just(NAN),
        "holdings": st.integers(-1_500, 1_500),
        "open_buys": st.integers(0, 500),
        "open_sells": st.integers(0, 500),
    }
)


@pytest.mark.parametrize(("rule", "limit", "largest"), PER_ORDER_LIMITS)
@given(rows=st.lists(ROW, max_size=12), parts=st.tuples(st.integers(0, 100), st.integers(0, 100)))
def test_a_smaller_limit_never_accepts_more(
    rule: Rule, limit: str, largest: float, rows: list[dict[str, Any]], parts: tuple[int, int]
) -> None:
    table = orders(*(row | {"symbol": f"S{number}"} for number, row in enumerate(rows)))
    small, large = (account({limit: largest * part / 100}) for part in sorted(parts))
    accepted_small = set(gate(table, small, [rule]).accepted["symbol"])
    assert accepted_small <= set(gate(table, large, [rule]).accepted["symbol"])
