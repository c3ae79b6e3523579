"""What fills cost against the limits that their orders had then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.quality.averages import averages
from orderworks.quality.metrics import BASIS_POINTS

Floats = NDArray[np.float64]


def against_limits(
    fills: pd.DataFrame, of_parent: NDArray[np.intp], signs: Floats
) -> dict[str, Any]:
    """What the fills of limit children cost against the limits that stood then, by parent.

    Args:
        fills: price, quantity and limit_price, the limit that the child had then, or None.
        of_parent: the place of each fill's parent among ``signs``, +1 to buy and -1 to sell.

    Returns:
        One of each a parent, None and NaN without such a fill: limit_price, the mean limit by shares;
        slippage_limit_bps, weighted by notional; slippage_limit_worst_bps, of the worst fill.
    """
    limited = fills["limit_price"].notna().to_numpy()
    parent, filled = of_parent[limited], fills[limited]
    limits, shares = filled["limit_price"].to_numpy(np.float64), filled["quantity"].to_numpy(float)
    worse = signs[parent] * (filled["price"].to_numpy(np.float64) - limits)
    by_parent = pd.DataFrame(
        {
            "shares": shares,
            "notional": limits * shares,
            "cost": worse * shares,
            "worst_bps": worse / limits * BASIS_POINTS,
        }
    ).groupby(parent)
    everyone = range(len(signs))
    sums = by_parent.sum().reindex(everyone).fillna({"shares": 0, "notional": 0})
    return {
        "limit_price": averages(
            map(Decimal, sums["notional"].tolist()), sums["shares"].astype(int).tolist()
        ),
        "slippage_limit_bps": sums["cost"] / sums["notional"] * BASIS_POINTS,
        "slippage_limit_worst_bps": by_parent["worst_bps"].max().reindex(everyone),
    }
