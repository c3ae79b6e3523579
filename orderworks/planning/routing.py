"""Routing: the first rule of a table that fits decides how an order is worked and priced."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.model.order import Algo, OrderType
from orderworks.planning.pricing import PriceRule, limit_prices, on_grid

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


@dataclass(frozen=True, slots=True)
class Route:
    """What a rule decides."""

    rule: str
    order_type: OrderType
    algo: Algo
    price_rule: PriceRule


ROUTES: tuple[Route, ...] = (
    Route("SIGNAL", OrderType.LIMIT, Algo.NONE, PriceRule.GIVEN),
    Route("SIGNAL_MARKET", OrderType.MARKET, Algo.NONE, PriceRule.NONE),
    Route("URGENT", OrderType.MARKET, Algo.NONE, PriceRule.NONE),
    Route("WIDE_SPREAD", OrderType.LIMIT, Algo.NONE, PriceRule.MID_OFFSET),
    Route("LARGE", OrderType.LIMIT, Algo.TWAP, PriceRule.FAR_TOUCH),
    Route("SMALL", OrderType.LIMIT, Algo.NONE, PriceRule.NEAR_TOUCH),
    Route("MEDIUM", OrderType.LIMIT, Algo.NONE, PriceRule.NEAR_OFFSET),
)
"""In order of precedence; the last one takes what is left."""

SWEEP = Route("SWEEP", OrderType.LIMIT, Algo.NONE, PriceRule.FAR_COLLAR)
"""How what is left of a worked parent is traded at the end of its horizon."""

PRICE_RULE_OF = {route.rule: route.price_rule for route in (*ROUTES, SWEEP)}


def route(orders: pd.DataFrame, policy: RoutingPolicy) -> pd.DataFrame:
    """``orders`` with what the router decided and saw.

    Args:
        orders: side, quantity, strength, bid, ask, adv (shares a day, NaN where unknown), and
            optionally order_type, limit_price, algo, tif from the signal, which then decide: an
            order that is to be a limit is never URGENT, nor a market order by default.

    Returns:
        The same rows with route_rule, order_type, algo, tif, limit_price (indicative: each child
        is priced anew when it is released; the signal's own is put on the tick grid, never worse
        than asked), spread_bps and size_pct_adv. An unknown ADV is never small or large.
    """
    bid, ask = orders["bid"].to_numpy(np.float64), orders["ask"].to_numpy(np.float64)
    sign = np.where(orders["side"].to_numpy() == "buy", 1, -1)
    # Rounded, as float noise must not make 20 bps more than 20.
    spread = np.round((ask - bid) / ((ask + bid) / 2) * 1e4, 9)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = orders["quantity"].to_numpy(np.float64) / orders["adv"].to_numpy(np.float64) * 100
    asked_type, asked_limit = _asked(orders, "order_type"), _asked_price(orders)
    asked_algo = _asked(orders, "algo")
    limit_asked = ~np.isnan(asked_limit) | (asked_type == OrderType.LIMIT)
    conditions: dict[str, Bools] = {
        "SIGNAL": ~np.isnan(asked_limit),
        "SIGNAL_MARKET": asked_type == OrderType.MARKET,
        "URGENT": ~limit_asked & (orders["strength"].to_numpy(np.float64) > policy.urgent_strength),
        "WIDE_SPREAD": spread > policy.wide_spread_threshold_bps,
        "LARGE": np.nan_to_num(size, nan=0.0) > policy.size_threshold_large_pct,
        "SMALL": np.nan_to_num(size, nan=np.inf) < policy.size_threshold_small_pct,
        "MEDIUM": np.ones(len(orders), bool),
    }
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
    order_types = np.where(
        ~limit_asked & (policy.default_order_type is OrderType.MARKET),
        OrderType.MARKET.value,
        decided("order_type").astype(str),
    )
    routed = orders.copy()
    routed["route_rule"] = decided("rule").astype(str)
    routed["order_type"] = order_types
    routed["algo"] = np.where(asked_algo == "", decided("algo").astype(str), asked_algo)
    asked_tif = _asked(orders, "tif")
    routed["tif"] = np.where(asked_tif == "", "day", asked_tif)
    routed["limit_price"] = np.where(
        order_types == OrderType.MARKET,
        np.nan,
        np.where(np.isnan(asked_limit), limits, on_grid(asked_limit, sign)),
    )
    routed["spread_bps"] = spread
    routed["size_pct_adv"] = size
    return routed


def _asked(orders: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """What the signal asked for, '' where nothing."""
    if column not in orders:
        return np.full(len(orders), "", dtype=object)
    return orders[column].astype(object).where(orders[column].notna(), "").to_numpy(object)


def _asked_price(orders: pd.DataFrame) -> NDArray[np.float64]:
    if "limit_price" not in orders:
        return np.full(len(orders), np.nan)
    return orders["limit_price"].to_numpy(np.float64, na_value=np.nan)
