"""The router's table: which rule decides, how the order is then worked, and at what price."""

import json
import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.instrument import Instrument
from orderworks.model.order import NATIVE, Algo, OrderType, Remainder, Side
from orderworks.model.rounding import round_to_tick
from orderworks.planning.routing import RoutingPolicy, route

POLICY = RoutingPolicy(
    size_threshold_small_pct=0.1,
    size_threshold_large_pct=1.0,
    wide_spread_threshold_bps=20.0,
    urgent_strength=0.9,
    limit_offset_pct=0.05,
    max_slippage_pct=0.10,
    default_order_type=OrderType.LIMIT,
    slice_style="cross",
    residual=Remainder.SWEEP,
    remainder=Remainder.KEEP,
)
MARKET_BY_DEFAULT = replace(POLICY, default_order_type=OrderType.MARKET)
ORDER: dict[str, Any] = {
    "side": "buy",
    "quantity": 500,
    "strength": 0.5,
    "bid": 99.99,
    "ask": 100.01,
    "adv": 100_000.0,
}
WIDE = {"bid": 99.80, "ask": 100.20}
URGENT = {"strength": 0.95}
LARGE = {"quantity": 1_001}
SMALL = {"quantity": 99}


def routed(*rows: dict[str, Any], policy: RoutingPolicy = POLICY) -> list[dict[Any, Any]]:
    """Orders of half a per cent of ADV in a narrow market, each changed as its row says."""
    return route(pd.DataFrame([ORDER | row for row in rows]), policy).to_dict("records")


@pytest.mark.parametrize(
    ("order", "rule", "order_type", "algo", "buy", "sell"),
    [
        (URGENT, "URGENT", "market", "none", None, None),
        (WIDE, "WIDE_SPREAD", "limit", "none", 100.05, 99.95),
        (LARGE, "LARGE", "limit", "twap", 100.01, 99.99),
        (SMALL, "SMALL", "limit", "none", 99.99, 100.01),
        # 99.99 * 1.0005 = 100.039995 and 100.01 * 0.9995 = 99.959995
        ({}, "MEDIUM", "limit", "none", 100.03, 99.96),
    ],
)
def test_each_rule_decides_type_algorithm_and_price(
    order: dict[str, Any],
    rule: str,
    order_type: str,
    algo: str,
    buy: float | None,
    sell: float | None,
) -> None:
    for decided, price in zip(
        routed(order | {"side": "buy"}, order | {"side": "sell"}), (buy, sell), strict=True
    ):
        assert (decided["route_rule"], decided["order_type"], decided["algo"], decided["tif"]) == (
            rule,
            order_type,
            algo,
            "day",
        )
        if price is None:
            assert math.isnan(decided["limit_price"])
        else:
            assert decided["limit_price"] == price


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        ({"strength": 0.9}, "MEDIUM"),
        ({"strength": math.nextafter(0.9, 1)}, "URGENT"),
        ({"bid": 999.0, "ask": 1_001.0}, "MEDIUM"),  # 20 bps
        ({"bid": 998.99, "ask": 1_001.0}, "WIDE_SPREAD"),
        ({"quantity": 1_000}, "MEDIUM"),  # 1 % of ADV
        ({"quantity": 1_001}, "LARGE"),
        ({"quantity": 100}, "MEDIUM"),  # 0.1 % of ADV
        ({"quantity": 99}, "SMALL"),
        ({"bid": 100.0, "ask": 100.0}, "MEDIUM"),  # locked
    ],
)
def test_a_threshold_itself_is_not_beyond_it(order: dict[str, Any], rule: str) -> None:
    assert routed(order)[0]["route_rule"] == rule


@given(st.integers(1, 10_000))
def test_float_noise_does_not_make_a_spread_wide(tens: int) -> None:
    mid = Decimal(tens) * 10
    quote = {"bid": float(mid * Decimal("0.999")), "ask": float(mid * Decimal("1.001"))}
    assert routed(quote)[0]["route_rule"] == "MEDIUM"


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        (URGENT | WIDE | LARGE, "URGENT"),
        (WIDE | LARGE, "WIDE_SPREAD"),
        (WIDE | SMALL, "WIDE_SPREAD"),
        (URGENT | WIDE | {"order_type": "market"}, "SIGNAL_MARKET"),
        (URGENT | WIDE | {"limit_price": 99.5}, "SIGNAL"),
    ],
)
def test_the_first_rule_that_fits_decides(order: dict[str, Any], rule: str) -> None:
    assert routed(order)[0]["route_rule"] == rule


@pytest.mark.parametrize("quantity", [1, 99, 1_001, 10**9])
def test_of_an_unknown_adv_nothing_is_small_or_large(quantity: int) -> None:
    (decided,) = routed({"adv": math.nan, "quantity": quantity})
    assert decided["route_rule"] == "MEDIUM"
    assert math.isnan(decided["size_pct_adv"])


def test_a_decision_records_what_it_saw() -> None:
    (decided,) = routed({})
    assert decided["spread_bps"] == pytest.approx(2.0)
    assert decided["size_pct_adv"] == pytest.approx(0.5)
    assert (decided["bid"], decided["ask"], decided["adv"]) == (99.99, 100.01, 100_000.0)


def test_market_by_default_replaces_the_limits_that_the_router_would_set() -> None:
    decided = routed({}, WIDE, SMALL, LARGE, policy=MARKET_BY_DEFAULT)
    assert [order["order_type"] for order in decided] == ["market"] * 4
    assert all(math.isnan(order["limit_price"]) for order in decided)
    assert decided[3]["algo"] == "twap"


@pytest.mark.parametrize("policy", [POLICY, MARKET_BY_DEFAULT])
@pytest.mark.parametrize(
    ("order", "rule"),
    [({}, "MEDIUM"), (WIDE, "WIDE_SPREAD"), (LARGE, "LARGE"), (SMALL, "SMALL")],
)
def test_a_limit_order_that_is_asked_for_is_one_however_urgent(
    policy: RoutingPolicy, order: dict[str, Any], rule: str
) -> None:
    as_usual, asked = (
        routed(order)[0],
        routed(order | URGENT | {"order_type": "limit"}, policy=policy)[0],
    )
    assert (asked["route_rule"], asked["order_type"]) == (rule, "limit")
    assert (asked["limit_price"], asked["algo"]) == (as_usual["limit_price"], as_usual["algo"])


def test_what_one_signal_asks_does_not_decide_for_the_others() -> None:
    decided = routed(
        URGENT | {"order_type": "limit", "tif": "gtc"},
        URGENT | {"order_type": None, "algo": "vwap"},
        {"order_type": None, "limit_price": 98.0},
        URGENT | {"order_type": None},
    )
    assert [order["order_type"] for order in decided] == ["limit", "limit", "limit", "market"]
    assert [order["tif"] for order in decided] == ["gtc", "day", "day", "day"]
    assert [order["algo"] for order in decided] == ["none", "vwap", "none", "none"]
    assert decided[2]["limit_price"] == 98.0


@pytest.mark.parametrize(
    ("asked", "rule", "order_type"),
    [
        ({"stop_price": 101.005}, "SIGNAL_STOP", "stop"),
        ({"stop_price": 101.0, "limit_price": 102.0}, "SIGNAL_STOP", "stop_limit"),
        ({"trail_amount": 0.5}, "SIGNAL_STOP", "trailing_stop"),
        ({"trail_percent": 0.02}, "SIGNAL_STOP", "trailing_stop"),
        ({"tif": "opg"}, "AUCTION", "market"),
        ({"tif": "cls", "order_type": "limit"}, "AUCTION_LIMIT", "limit"),
        ({"tif": "cls", "limit_price": 99.0}, "SIGNAL", "limit"),
        ({"algo": "pov"}, "ALGO", "limit"),
        ({"algo": "is", "order_type": "market"}, "SIGNAL_MARKET", "market"),
        ({"algo": "ibkr_twap"}, "NATIVE", "limit"),
        ({"algo": "ibkr_vwap", "order_type": "market"}, "SIGNAL_MARKET", "market"),
        ({"algo": "ibkr_adaptive", "limit_price": 99.0}, "SIGNAL", "limit"),
        ({"order_type": "midprice"}, "SIGNAL_MIDPRICE", "midprice"),
        ({"order_type": "midprice", "limit_price": 99.0}, "SIGNAL_MIDPRICE", "midprice"),
    ],
)
def test_what_a_signal_asks_takes_the_place_of_routing(
    asked: dict[str, Any], rule: str, order_type: str
) -> None:
    """Even of an urgent one, on a wide spread, of any size."""
    (decided,) = routed(URGENT | {"ask": 120.0, "quantity": 10**7} | asked)
    assert (decided["route_rule"], decided["order_type"]) == (rule, order_type)
    assert decided["algo"] == asked.get("algo", "none")
    for name, price in asked.items():
        if name.startswith("trail"):
            assert decided[name] == price


@pytest.mark.parametrize(
    ("asked", "remainder"),
    [
        ({}, "reprice"),
        ({"algo": "twap"}, "cancel"),
        ({"limit_price": 99.0}, "keep"),
        ({"stop_price": 101.0}, "keep"),
        ({"limit_price": 99.0, "remainder": "cancel"}, "cancel"),
        ({"algo": "twap", "remainder": "sweep"}, "sweep"),
    ],
)
def test_what_becomes_of_the_rest(asked: dict[str, Any], remainder: str) -> None:
    policy = replace(POLICY, residual=Remainder.CANCEL, remainder=Remainder.REPRICE)
    (decided,) = routed(asked, policy=policy)
    assert decided["remainder"] == remainder


@pytest.mark.parametrize("asked", [{"algo": "vwap"}, {"quantity": 10**6}])
def test_passive_slices_take_the_near_touch(asked: dict[str, Any]) -> None:
    rules = {"algo": "ALGO", "quantity": "LARGE"}
    for style, suffix in (("cross", ""), ("passive", "_PASSIVE")):
        (decided,) = routed(asked, policy=replace(POLICY, slice_style=style))
        assert decided["route_rule"] == rules[next(iter(asked))] + suffix
        assert decided["limit_price"] == (100.01 if style == "cross" else 99.99)


@pytest.mark.parametrize("style", ["cross", "passive"])
@pytest.mark.parametrize("algo", sorted(NATIVE))
def test_what_a_broker_works_is_given_room_and_its_terms(algo: Algo, style: str) -> None:
    told = {Algo.IBKR_VWAP: {"max_volume_pct": "20"}}
    policy = replace(POLICY, slice_style=style, native=told)
    large, asked, ours, plain = routed(
        LARGE,
        {"algo": algo.value},
        LARGE | {"algo": "twap"},
        {},
        policy=replace(policy, large_algo=algo),
    )
    for one, rule in ((large, "LARGE_NATIVE"), (asked, "NATIVE")):
        assert (one["route_rule"], one["algo"], one["remainder"]) == (rule, algo, "sweep")
        assert one["limit_price"] == 100.11  # 100.01 * 1.001 = 100.11001
        assert json.loads(one["native"]) == told.get(algo, {})
    assert (ours["algo"], ours["native"], plain["native"]) == ("twap", None, None)


def test_what_is_large_is_worked_as_the_policy_says() -> None:
    (decided,) = routed(LARGE, policy=replace(POLICY, large_algo=Algo.VWAP))
    assert (decided["route_rule"], decided["algo"]) == ("LARGE", "vwap")


def test_a_midprice_order_has_no_limit_but_the_signal_s() -> None:
    free, capped = routed(
        {"order_type": "midprice", "limit_price": None},
        {"order_type": "midprice", "limit_price": 99.995},
        policy=replace(MARKET_BY_DEFAULT, remainder=Remainder.SWEEP),
    )
    assert math.isnan(free["limit_price"])
    assert capped["limit_price"] == 99.99
    assert {(one["order_type"], one["remainder"]) for one in (free, capped)} == {
        ("midprice", "keep")
    }


@pytest.mark.parametrize("policy", [POLICY, MARKET_BY_DEFAULT])
@pytest.mark.parametrize(
    ("side", "asked", "price"),
    [
        ("buy", 13.835, 13.83),
        ("sell", 13.835, 13.84),
        ("buy", 13.83, 13.83),
        ("sell", 13.870000000000001, 13.87),
        ("buy", 0.50005, 0.5),
        ("sell", 0.50005, 0.5001),
    ],
)
def test_an_asked_price_is_put_on_the_grid_and_not_made_worse(
    policy: RoutingPolicy, side: str, asked: float, price: float
) -> None:
    (decided,) = routed(URGENT | {"side": side, "limit_price": asked}, policy=policy)
    assert (decided["route_rule"], decided["order_type"]) == ("SIGNAL", "limit")
    assert decided["limit_price"] == price


CENTS = st.integers(100, 200_000_00).map(lambda cents: Decimal(cents) / 100)
SUB_PENNY = st.integers(100, 9_999).map(lambda units: Decimal(units) / 10_000)
OFFSET = Decimal(str(POLICY.limit_offset_pct)) / 100


@given(
    st.sampled_from(Side),
    CENTS | SUB_PENNY,
    st.integers(0, 300),
    st.integers(1, 2_000),
    st.sampled_from(["", "limit"]),
)
def test_a_price_is_on_the_grid_and_never_worse_than_its_formula(
    side: Side, bid: Decimal, ticks: int, quantity: int, asked: str
) -> None:
    ask = bid + ticks * Instrument("X").tick_at(bid)
    (decided,) = routed(
        {
            "side": side.value,
            "bid": float(bid),
            "ask": float(ask),
            "quantity": quantity,
            "order_type": asked or None,
        }
    )
    near, far = (bid, ask) if side is Side.BUY else (ask, bid)
    formula = {
        "WIDE_SPREAD": (bid + ask) / 2 * (1 + side.sign * OFFSET),
        "LARGE": far,
        "SMALL": near,
        "MEDIUM": near * (1 + side.sign * OFFSET),
    }[decided["route_rule"]]
    price, tick = Decimal(str(decided["limit_price"])), Instrument("X").tick_at(formula)
    assert price % tick == 0
    assert 0 <= side.sign * (formula - price) < tick


@given(st.sampled_from(Side), st.decimals("0.0001", "999999", places=6))
def test_an_asked_price_becomes_that_of_the_scalar(side: Side, asked: Decimal) -> None:
    (decided,) = routed({"side": side.value, "limit_price": float(asked)})
    expected = round_to_tick(asked, Instrument("X").tick_at(asked), side, "limit")
    assert Decimal(str(decided["limit_price"])) == expected
