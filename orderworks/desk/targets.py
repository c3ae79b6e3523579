"""Target weights as signals."""

import numpy as np
import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.market.corporate_actions import last_closes

REBALANCE = "rebalance"
"""The strategy under which a rebalance's orders are booked."""


def signals_of_targets(desk: Desk, targets: pd.DataFrame) -> pd.DataFrame:
    """Targets (symbol, weight) as signals priced at the current mid.

    A symbol without a quote is priced at its last close; one without either keeps no price and is
    refused by the gate for want of a quote.
    """
    symbols = targets["symbol"].tolist()
    now = desk.clock.now()
    quotes = desk.market.quotes_at(now, symbols)
    two_sided = (quotes["bid"] > 0) & (quotes["ask"] > 0)
    mid = ((quotes["bid"] + quotes["ask"]) / 2).where(two_sided)
    closes = last_closes(desk.market, desk.session.date)
    price = mid.fillna(pd.Series(closes.reindex(symbols).to_numpy())).fillna(1.0)
    weight = targets["weight"].to_numpy(np.float64)
    return pd.DataFrame(
        {
            "row": targets["row"].to_numpy(),
            "strategy": REBALANCE,
            "symbol": symbols,
            "direction": np.select([weight > 0, weight < 0], ["long", "short"], "flat"),
            "strength": 0.5,
            "price": price.to_numpy(),
            "ts": pd.Series([now] * len(targets), dtype="datetime64[us, UTC]"),
            "weight": weight,
        }
    )
