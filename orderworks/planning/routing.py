"""Routing: the first rule of a table that fits decides how an order is worked and priced."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.model.order import (
    FLATTEN_RULE,
    NATIVE,
    Algo,
    OrderType,
    Remainder,
    TimeInForce,
)
from orderworks.planning.pricing import PriceRule, limit_prices, on_grid

STOP_TYPES = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """The router's thresholds, with the units of the settings."""

    size_threshold_small_pct: float
    size_threshold_large_pct: float
    wide_spread_threshold_bps: float
    urgent_strength: float
    limit_offset_pct: float
    max_slippage_pct: float
    default_order_type: OrderType
    slice_style: Literal["cross", "passive"]
    residual: Remainder
    remainder: Remainder
    large_algo: Algo = Algo.TWAP
    native: Mapping[Algo, Mapping[str, Any]] = field(default_factory=dict)
    """How each algorithm of a broker's own is to work: the fields of a ``NativeAlgo`` that are no times."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a rule decides."""

    rule: str
    order_type: OrderType
    algo: Algo
    price_rule: PriceRule


ROUTES: tuple[Route, ...] = (
    # A signal's own stop, limit or market order; its type is the signal's.
    Route("SIGNAL_STOP", OrderType.STOP, Algo.NONE, PriceRule.GIVEN),
    Route("SIGNAL_MIDPRICE", OrderType.MIDPRICE, Algo.NONE, PriceRule.GIVEN),
    Route("SIGNAL", OrderType.LIMIT, Algo.NONE, PriceRule.GIVEN),
    Route("SIGNAL_MARKET", OrderType.MARKET, Algo.NONE, PriceRule.NONE),
    # For an auction.
    Route("AUCTION_LIMIT", OrderType.LIMIT, Algo.NONE, PriceRule.FAR_COLLAR),
    Route("AUCTION", OrderType.MARKET, Algo.NONE, PriceRule.NONE),
    # A signal's own algorithm; the broker's is given room, as it is not priced anew while it works.
    Route("NATIVE", OrderType.LIMIT, Algo.NONE, PriceRule.FAR_COLLAR),
    Route("ALGO", OrderType.LIMIT, Algo.NONE, PriceRule.FAR_TOUCH),
    Route("ALGO_PASSIVE", OrderType.LIMIT, Algo.NONE, PriceRule.NEAR_TOUCH),
    Route("URGENT", OrderType.MARKET, Algo.NONE, PriceRule.NONE),
    Route("WIDE_SPREAD", OrderType.LIMIT, Algo.NONE, PriceRule.MID_OFFSET),
    Route("LARGE_NATIVE", OrderType.LIMIT, Algo.TWAP, PriceRule.FAR_COLLAR),
    Route("LARGE", OrderType.LIMIT, Algo.TWAP, PriceRule.FAR_TOUCH),
    Route("LARGE_PASSIVE", OrderType.LIMIT, Algo.TWAP, PriceRule.NEAR_TOUCH),
    Route("SMALL", OrderType.LIMIT, Algo.NONE, PriceRule.NEAR_TOUCH),
    Route("MEDIUM", OrderType.LIMIT, Algo.NONE, PriceRule.NEAR_OFFSET),
)
"""In order of precedence; the last one takes what is left. What is LARGE is worked as the policy says."""

SWEEP = Route("SWEEP", OrderType.LIMIT, Algo.NONE, PriceRule.FAR_COLLAR)
"""How what is left of a worked parent is traded at the end of its horizon."""

STOP_LOSS = Route("STOP_LOSS", OrderType.STOP, Algo.NONE, PriceRule.GIVEN)
TAKE_PROFIT = Route("TAKE_PROFIT", OrderType.LIMIT, Algo.NONE, PriceRule.GIVEN)
"""How an entry's exits are placed."""

FLATTEN = Route(FLATTEN_RULE, OrderType.MARKET, Algo.NONE, PriceRule.NONE)
"""How a position is closed when the kill switch is thrown with ``--flatten``."""

PRICE_RULE_OF = {
    route.rule: route.price_rule for route in (*ROUTES, SWEEP, STOP_LOSS, TAKE_PROFIT, FLATTEN)
}

LATE_CROSS = frozenset({"ALGO_PASSIVE", "LARGE_PASSIVE"})
"""The rules whose slices rest at the near touch and cross the spread shortly before their time ends."""


def route(orders: pd.DataFrame, policy: RoutingPolicy, *, rule: str | None = None) -> pd.DataFrame:
    """``orders`` with what the router decided and saw.

    Args:
        orders: side, quantity, strength, bid, ask, adv (shares a day, NaN where unknown), and
            optionally order_type, limit_price, stop_price, trail_amount, trail_percent, algo, tif,
            good_till and remainder from the signal, which then decide: an order that is to be a
            limit is never URGENT, nor a market order by default. Where order_type is not stated it
            follows from the prices that are.
        rule: of ROUTES the one that decides all of them, whichever fits.

    Returns:
        The same rows with route_rule, order_type, algo, native (how the broker's own algorithm is
        to work, as JSON; None where we do), tif, limit_price (indicative: each child is priced anew
        when it is released; the signal's own is put on the tick grid, never worse than asked),
        stop_price, trail_amount, trail_percent, good_till, remainder, spread_bps and size_pct_adv.
        An unknown ADV is never small or large.
    """
    bid, ask = orders["bid"].to_numpy(np.float64), orders["ask"].to_numpy(np.float64)
    sign = np.where(orders["side"].to_numpy() == "buy", 1, -1)
    # Rounded, as float noise must not make 20 bps more than 20.
    spread = np.round((ask - bid) / ((ask + bid) / 2) * 1e4, 9)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = orders["quantity"].to_numpy(np.float64) / orders["adv"].to_numpy(np.float64) * 100
    asked_limit = _asked_price(orders, "limit_price")
    asked_type = _asked_type(orders)
    asked_algo = _asked(orders, "algo")
    limit_asked = ~np.isnan(asked_limit) | (asked_type == OrderType.LIMIT)
    stop_asked = np.isin(asked_type, [str(one) for one in STOP_TYPES])
    algo_asked = ~np.isin(asked_algo, ["", Algo.NONE.value])
    native_asked = np.isin(asked_algo, list(NATIVE))
    asked_tif, asked_remainder = _asked(orders, "tif"), _asked(orders, "remainder")
    auction = np.isin(asked_tif, [TimeInForce.OPG.value, TimeInForce.CLS.value])
    large = np.nan_to_num(size, nan=0.0) > policy.size_threshold_large_pct
    passive = np.full(len(orders), policy.slice_style == "passive")
    midprice_asked = asked_type == OrderType.MIDPRICE
    large_is_native = np.full(len(orders), policy.large_algo in NATIVE)
    conditions: dict[str, Bools] = {
        "SIGNAL_STOP": stop_asked,
        "SIGNAL_MIDPRICE": midprice_asked,
        "SIGNAL": ~np.isnan(asked_limit),
        "SIGNAL_MARKET": asked_type == OrderType.MARKET,
        "AUCTION_LIMIT": auction & limit_asked,
        "AUCTION": auction,
        "NATIVE": native_asked,
        "ALGO": algo_asked & ~passive,
        "ALGO_PASSIVE": algo_asked & passive,
        "URGENT": ~limit_asked & (orders["strength"].to_numpy(np.float64) > policy.urgent_strength),
        "WIDE_SPREAD": spread > policy.wide_spread_threshold_bps,
        "LARGE_NATIVE": large & large_is_native,
        "LARGE": large & ~passive,
        "LARGE_PASSIVE": large & passive,
        "SMALL": np.nan_to_num(size, nan=np.inf) < policy.size_threshold_small_pct,
        "MEDIUM": np.ones(len(orders), bool),
    }
    if rule is not None:
        conditions = {name: np.full(len(orders), name == rule) for name in conditions}
    choice = np.select([conditions[r.rule] for r in ROUTES], list(range(len(ROUTES))))

    def decided(attribute: str) -> NDArray[np.object_]:
        values = np.array([getattr(r, attribute) for r in ROUTES], dtype=object)
        return np.asarray(values[choice], dtype=object)

    price_rules = decided("price_rule")
    limits = limit_prices(
        price_rules,
        sign,
        bid,
        ask,
        offset_pct=policy.limit_offset_pct,
        collar_pct=policy.max_slippage_pct,
    )
    order_types = np.select(
        [
            stop_asked | midprice_asked,
            ~limit_asked & (policy.default_order_type is OrderType.MARKET),
        ],
        [asked_type.astype(str), OrderType.MARKET.value],
        decided("order_type").astype(str),
    )
    routed = orders.copy()
    routed["route_rule"] = decided("rule")
    routed["order_type"] = order_types
    algos = decided("algo").astype(object)
    algos[algos == Algo.TWAP] = policy.large_algo.value
    worked_by = np.where(asked_algo == "", algos, asked_algo).astype(str)
    routed["algo"] = worked_by
    # As objects: else None would become a number's nothing.
    routed["native"] = pd.Series(_native(worked_by, policy), routed.index, dtype=object)
    routed["tif"] = np.where(asked_tif == "", TimeInForce.DAY.value, asked_tif)
    # What rests at a price of the trader's own is left there.
    usual = np.select(
        [(routed["algo"] != Algo.NONE).to_numpy(), price_rules == PriceRule.GIVEN],
        [policy.residual.value, Remainder.KEEP.value],
        policy.remainder.value,
    )
    routed["remainder"] = np.where(asked_remainder == "", usual, asked_remainder)
    routed["limit_price"] = np.where(
        order_types == OrderType.MARKET,
        np.nan,
        np.where(np.isnan(asked_limit), limits, on_grid(asked_limit, sign)),
    )
    routed["stop_price"] = on_grid(_asked_price(orders, "stop_price"), sign)
    for name in ("trail_amount", "trail_percent"):
        routed[name] = _asked_price(orders, name)
    if "good_till" not in routed:
        routed["good_till"] = pd.Series(pd.NaT, index=routed.index, dtype="datetime64[us, UTC]")
    routed["spread_bps"] = spread
    routed["size_pct_adv"] = size
    return routed


def _native(algos: NDArray[np.str_], policy: RoutingPolicy) -> NDArray[np.object_]:
    """How each order's algorithm is to work where the broker runs it, None where we do."""
    native = np.full(len(algos), None, dtype=object)
    for algo in NATIVE:
        native[algos == algo.value] = json.dumps(dict(policy.native.get(algo, {})))
    return native


def _asked(orders: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """What the signal asked for, '' where nothing."""
    if column not in orders:
        return np.full(len(orders), "", dtype=object)
    return orders[column].astype(object).where(orders[column].notna(), "").to_numpy(object)


def _asked_price(orders: pd.DataFrame, column: str) -> NDArray[np.float64]:
    if column not in orders:
        return np.full(len(orders), np.nan)
    return orders[column].to_numpy(np.float64, na_value=np.nan)


def _asked_type(orders: pd.DataFrame) -> NDArray[np.object_]:
    """The order type that the signal states, or that its prices make it; '' where neither does."""
    stops = ~np.isnan(_asked_price(orders, "stop_price"))
    limits = ~np.isnan(_asked_price(orders, "limit_price"))
    trails = ~np.isnan(_asked_price(orders, "trail_amount")) | ~np.isnan(
        _asked_price(orders, "trail_percent")
    )
    stated = _asked(orders, "order_type")
    implied = np.select(
        [trails, stops & limits, stops],
        [str(one) for one in (OrderType.TRAILING_STOP, OrderType.STOP_LIMIT, OrderType.STOP)],
        "",
    )
    return np.where(stated == "", implied.astype(object), stated)
