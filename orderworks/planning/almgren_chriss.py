"""The trading trajectory that is optimal between market impact and price risk.

Source: Almgren and Chriss, Optimal Execution of Portfolio Transactions, Journal of Risk 3
(2000): equations 16 to 20 for linear impact, 4 and 5 for cost and variance.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import asinh, exp, expm1, fsum, sqrt

from orderworks.model.exact import Number, to_not_negative, to_positive, to_positive_whole


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What to trade in each interval and what that is expected to cost.

    ``trades`` are shares, ``expected_cost`` is money against the arrival price, ``variance`` is
    that of the cost, in money squared.
    """

    trades: tuple[float, ...]
    expected_cost: float
    variance: float


def almgren_chriss(
    quantity: Number,
    horizon: Number,
    slices: Number,
    *,
    sigma: Number,
    eta: Number,
    gamma: Number,
    epsilon: Number,
    risk_aversion: Number,
) -> Trajectory:
    """The trajectory that minimises expected cost + ``risk_aversion`` * variance.

    ``quantity`` shares are worked over ``horizon`` units of time in ``slices`` equal intervals.
    ``sigma`` is the volatility in money a share and root unit of time; ``eta`` the temporary
    impact in money a share for each share a unit of time; ``gamma`` the permanent impact in
    money a share for each share; ``epsilon`` the fixed cost in money a share (half the spread
    and fees); ``risk_aversion`` is in 1 / money. Without risk aversion the trades are equal.

    Raises:
        ValueError: naming the argument; ``eta`` where it does not exceed gamma * interval / 2,
            since trading faster would then cost less.
    """
    shares = float(to_positive(quantity, "quantity"))
    duration = float(to_positive(horizon, "horizon"))
    intervals = to_positive_whole(slices, "slices")
    volatility = float(to_positive(sigma, "sigma"))
    temporary = float(to_positive(eta, "eta"))
    permanent = float(to_not_negative(gamma, "gamma"))
    fixed = float(to_not_negative(epsilon, "epsilon"))
    aversion = float(to_not_negative(risk_aversion, "risk_aversion"))

    interval = duration / intervals
    net_temporary = temporary - permanent * interval / 2
    if net_temporary <= 0:
        raise ValueError(f"eta must exceed gamma * interval / 2 = {permanent * interval / 2:g}")

    # cosh(kappa * interval) = 1 + (kappa~ * interval)^2 / 2, solved without cancellation.
    urgency = 2 * asinh(volatility * sqrt(aversion / net_temporary) * interval / 2)
    holdings = [shares * _left(j, intervals, urgency) for j in range(intervals + 1)]
    trades = tuple(before - after for before, after in pairwise(holdings))
    return Trajectory(
        trades=trades,
        expected_cost=permanent * shares**2 / 2
        + fixed * fsum(trades)
        + net_temporary / interval * fsum(trade**2 for trade in trades),
        variance=volatility**2 * interval * fsum(held**2 for held in holdings[1:]),
    )


def _left(j: int, intervals: int, urgency: float) -> float:
    """The share of the order that is left after ``j`` intervals.

    sinh(urgency * (intervals - j)) / sinh(urgency * intervals), in the form that neither
    overflows when urgent nor divides zero by zero when patient.
    """
    if urgency * intervals < 1e-9:
        return (intervals - j) / intervals
    remaining = urgency * (intervals - j)
    return exp(-urgency * j) * expm1(-2 * remaining) / expm1(-2 * urgency * intervals)
