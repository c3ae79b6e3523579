"""The trajectory of an IS parent, with the impact that its market is usually given."""

import math
from dataclasses import dataclass

from orderworks.planning.almgren_chriss import Trajectory, almgren_chriss

TEMPORARY_SHARE, PERMANENT_SHARE = 0.01, 0.1
"""Trading these shares of the daily volume moves the price by one spread."""


@dataclass(frozen=True, slots=True)
class MarketOfOrder:
    """What impact and risk are estimated from; NaN where a number is not known.

    ``bid`` and ``ask`` are money a share, ``adv`` shares a day, ``daily_volatility`` a fraction.
    """

    bid: float
    ask: float
    adv: float
    daily_volatility: float


def front_loaded(
    quantity: int, days: float, slices: int, market: MarketOfOrder, risk_aversion: float
) -> Trajectory | None:
    """The trades of each slice over a part of a trading day; None where the market is not known.

    The impact is that of Almgren and Chriss's numerical example: each 1 % of the daily volume,
    traded in a day, moves the price by a spread for the time of the trade (eta), each 10 % for
    good (gamma), and a trade costs half a spread a share (epsilon).

    Args:
        days: the horizon as a fraction of a session.
        risk_aversion: per unit of money; 0 is an even pace.
    """
    mid, spread = (market.bid + market.ask) / 2, market.ask - market.bid
    known = (market.bid, market.adv, market.daily_volatility, spread)
    if not all(math.isfinite(number) and number > 0 for number in known):
        return None
    return almgren_chriss(
        quantity,
        days,
        slices,
        sigma=market.daily_volatility * mid,
        eta=spread / (TEMPORARY_SHARE * market.adv),
        gamma=spread / (PERMANENT_SHARE * market.adv),
        epsilon=spread / 2,
        risk_aversion=risk_aversion,
    )
