"""How the slices of a worked parent weigh: by an earlier day's volume, or by impact against risk."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.model.order import Algo
from orderworks.planning.front_loading import MarketOfOrder, front_loaded
from orderworks.planning.scheduling import Horizon, own_horizon

log = logging.getLogger(__name__)

Curve = Sequence[float]


def with_curves(
    desk: Desk, routed: pd.DataFrame, window: Horizon
) -> tuple[pd.DataFrame, dict[str, Curve]]:
    """The weights of the slices of each parent that is not cut evenly, by its place.

    Where an earlier day does not tell them, the parent becomes a TWAP, and the table says so; a POV
    parent follows today's volume anyway, and only its plan is even.
    """
    routed, curves = routed.copy(), {}
    algos = routed["algo"].to_numpy(object, copy=True)
    for algo, curve_of in CURVES.items():
        for place in np.flatnonzero(algos == algo).tolist():
            own = own_horizon(routed, place, window)
            curve = curve_of(desk, routed.iloc[place], own)
            if curve is not None:
                curves[str(place)] = curve
            elif algo is Algo.POV:
                curves[str(place)] = [1.0] * own.slices
            else:
                log.warning(
                    "too little is known of %s on earlier days: worked as TWAP, not as %s",
                    routed["symbol"].iloc[place],
                    algo.upper(),
                )
                algos[place] = Algo.TWAP.value
    routed["algo"] = algos
    return routed, curves


def _volume_curve(desk: Desk, order: "pd.Series[Any]", own: Horizon) -> Curve | None:
    curve = desk.market.volume_curve(str(order["symbol"]), own.start, own.end, own.slices)
    return None if curve is None else curve.tolist()


def _front_loaded(desk: Desk, order: "pd.Series[Any]", own: Horizon) -> Curve | None:
    symbol = str(order["symbol"])
    volatility = desk.market.daily_volatility(
        [symbol], desk.session.date, desk.settings.market.adv_days
    )
    market = MarketOfOrder(
        bid=float(order["bid"]),
        ask=float(order["ask"]),
        adv=float(order["adv"]),
        daily_volatility=float(volatility.iloc[0]),
    )
    trajectory = front_loaded(
        int(order["quantity"]),
        (own.end - own.start) / (desk.session.close - desk.session.open),
        own.slices,
        market,
        desk.settings.execution.is_risk_aversion,
    )
    return None if trajectory is None else trajectory.trades


CURVES: Mapping[Algo, Callable[[Desk, "pd.Series[Any]", Horizon], Curve | None]] = {
    Algo.VWAP: _volume_curve,
    Algo.POV: _volume_curve,
    Algo.IS: _front_loaded,
}
