"""What an execution cost, measured against benchmarks.

Cost is positive: with s = +1 for a buy and -1 for a sell, slippage is s * (price - benchmark).
Improvement and markout are the exceptions, as the field has it: there positive is good.
Sources: Perold, The Implementation Shortfall (1988); SEC rule 605 for spreads and improvement.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

from orderworks.model.exact import (
    Number,
    to_decimal,
    to_positive,
    to_positive_whole,
    to_side,
)
from orderworks.model.order import Side

BASIS_POINTS = 10_000
EXACT_DIGITS = 100

Floats = NDArray[np.float64]


def slippage_bps(side: Side | str, price: Number, benchmark: Number) -> float:
    """s * (price - benchmark) / benchmark in basis points.

    Raises:
        ValueError: naming the argument.
    """
    sign = to_side(side).sign
    paid, fair = to_positive(price, "price"), to_positive(benchmark, "benchmark")
    return float(sign * (paid - fair) / fair * BASIS_POINTS)


def weighted_slippage_bps(
    side_signs: NDArray[np.integer] | Floats,
    prices: Floats,
    benchmarks: Floats,
    quantities: NDArray[np.integer] | Floats,
) -> float | None:
    """sum(s * (P - B) * q) / sum(B * q) in basis points: slippage weighted by benchmark notional.

    Four arrays with one element a fill; signs are +1 and -1. None where there is nothing.

    Raises:
        ValueError: naming the array that is of another length, not finite or out of range.
    """
    signs = np.asarray(side_signs, dtype=float)
    if not np.isin(signs, (1.0, -1.0)).all():
        raise ValueError("side_signs must be +1 or -1")
    paid = _positive_floats(prices, "prices", signs.shape)
    fair = _positive_floats(benchmarks, "benchmarks", signs.shape)
    shares = _positive_floats(quantities, "quantities", signs.shape)
    notional = float(fair @ shares)
    if not notional:
        return None
    return float((signs * (paid - fair)) @ shares) / notional * BASIS_POINTS


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Implementation shortfall and its parts, in money; positive is cost.

    ``delay`` is what the price did between the decision and the order's release, on what was
    filled; ``execution`` what it cost to fill; ``opportunity`` what the unfilled part missed.
    ``paper_notional`` is ordered * decision price, which the basis points are of.
    """

    delay: Decimal
    execution: Decimal
    opportunity: Decimal
    fees: Decimal
    total: Decimal
    paper_notional: Decimal

    @property
    def delay_bps(self) -> float:
        return self._bps(self.delay)

    @property
    def execution_bps(self) -> float:
        return self._bps(self.execution)

    @property
    def opportunity_bps(self) -> float:
        return self._bps(self.opportunity)

    @property
    def fees_bps(self) -> float:
        return self._bps(self.fees)

    @property
    def total_bps(self) -> float:
        return self._bps(self.total)

    def _bps(self, money: Decimal) -> float:
        return float(money / self.paper_notional * BASIS_POINTS)


def implementation_shortfall(
    side: Side | str,
    ordered: Number,
    decision_price: Number,
    arrival_price: Number,
    fills: Iterable[tuple[Number, Number]],
    end_price: Number,
    fees: Number,
) -> Shortfall:
    """What was lost between the paper portfolio and the real one (Perold).

    ``fills`` are pairs (quantity, price). Each part is summed over the fills, not taken from a
    rounded average, so that delay + execution + opportunity + fees is the total, and the total
    is paper profit minus actual profit, exactly. ``fees`` below zero are a rebate. More may be
    filled than was ordered: the opportunity part is then that of the excess. A part that is zero
    has no sign.

    Raises:
        ValueError: naming the argument.
    """
    sign = to_side(side).sign
    quantity = to_positive_whole(ordered, "ordered")
    decision = to_positive(decision_price, "decision_price")
    arrival = to_positive(arrival_price, "arrival_price")
    end = to_positive(end_price, "end_price")
    paid = to_decimal(fees, "fees")
    executions = [
        (
            to_positive_whole(shares, f"fills[{i}] quantity"),
            to_positive(price, f"fills[{i}] price"),
        )
        for i, (shares, price) in enumerate(fills)
    ]
    with localcontext(prec=EXACT_DIGITS):
        filled = sum(shares for shares, _ in executions)
        delay = _unsigned_if_zero(sign * (arrival - decision) * filled)
        execution = sum(
            (sign * (price - arrival) * shares for shares, price in executions), start=Decimal(0)
        )
        opportunity = _unsigned_if_zero(sign * (end - decision) * (quantity - filled))
        paid = _unsigned_if_zero(paid)
        return Shortfall(
            delay=delay,
            execution=execution,
            opportunity=opportunity,
            fees=paid,
            total=delay + execution + opportunity + paid,
            paper_notional=quantity * decision,
        )


def _unsigned_if_zero(money: Decimal) -> Decimal:
    """Decimal has a zero below zero, which would be shown as -0."""
    return money if money else abs(money)


def quoted_spread(bid: Number, ask: Number) -> Decimal:
    """Ask - bid, in money a share.

    Raises:
        ValueError: naming the argument.
    """
    return to_positive(ask, "ask") - to_positive(bid, "bid")


def effective_spread(side: Side | str, price: Number, mid: Number) -> Decimal:
    """2s(P - mid), in money a share: what crossing the market cost, both ways.

    Raises:
        ValueError: naming the argument.
    """
    return 2 * to_side(side).sign * (to_positive(price, "price") - to_positive(mid, "mid"))


def realized_spread(side: Side | str, price: Number, mid_after: Number) -> Decimal:
    """2s(P - mid after five minutes), in money a share: what the other side kept.

    Raises:
        ValueError: naming the argument.
    """
    after = to_positive(mid_after, "mid_after")
    return 2 * to_side(side).sign * (to_positive(price, "price") - after)


def price_impact(side: Side | str, mid: Number, mid_after: Number) -> Decimal:
    """2s(mid after - mid), in money a share: effective spread = realized spread + price impact.

    Raises:
        ValueError: naming the argument.
    """
    after = to_positive(mid_after, "mid_after")
    return 2 * to_side(side).sign * (after - to_positive(mid, "mid"))


def price_improvement(side: Side | str, price: Number, bid: Number, ask: Number) -> Decimal:
    """How much better than the quote, in money a share: ask - P to buy, P - bid to sell.

    Raises:
        ValueError: naming the argument.
    """
    paid, best_bid = to_positive(price, "price"), to_positive(bid, "bid")
    best_ask = to_positive(ask, "ask")
    return best_ask - paid if to_side(side) is Side.BUY else paid - best_bid


def markout_bps(side: Side | str, price: Number, mid_after: Number) -> float:
    """s(mid after - P) / P in basis points: positive where the market went our way.

    Raises:
        ValueError: naming the argument.
    """
    paid, after = to_positive(price, "price"), to_positive(mid_after, "mid_after")
    return float(to_side(side).sign * (after - paid) / paid * BASIS_POINTS)


def _positive_floats(values: object, name: str, shape: tuple[int, ...]) -> Floats:
    array = np.asarray(values, dtype=float)
    if array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, not {array.shape}")
    if not (np.isfinite(array) & (array > 0)).all():
        raise ValueError(f"{name} must be positive and finite")
    return array
