"""Target weights as signals."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.desk.desk import Desk
from orderworks.market.corporate_actions import last_closes
from orderworks.model.order import REBALANCE


def signals_of_targets(desk: Desk, targets: pd.DataFrame) -> pd.DataFrame:
    """Targets (symbol, weight) as signals at the current prices."""
    symbols = targets["symbol"].tolist()
    now = desk.clock.now()
    weight = targets["weight"].to_numpy(np.float64)
    return pd.DataFrame(
        {
            "row": targets["row"].to_numpy(),
            "strategy": REBALANCE,
            "symbol": symbols,
            "direction": np.select([weight > 0, weight < 0], ["long", "short"], "flat"),
            "strength": 0.5,
            "price": current_prices(desk, symbols),
            "ts": pd.Series(now, index=range(len(targets)), dtype="datetime64[us, UTC]"),
            "weight": weight,
        }
    )


def current_prices(desk: Desk, symbols: list[str]) -> NDArray[np.float64]:
    """The mid of each symbol; its last close where there is no quote.

    One without either has no price: it gets 1, and is refused later for want of a quote.
    """
    quotes = desk.market.quotes_at(desk.clock.now(), symbols)
    two_sided = (quotes["bid"] > 0) & (quotes["ask"] > 0)
    mid = ((quotes["bid"] + quotes["ask"]) / 2).where(two_sided)
    closes = last_closes(desk.market, desk.session.date)
    price = mid.fillna(pd.Series(closes.reindex(symbols).to_numpy())).fillna(1.0)
    return price.to_numpy(np.float64)
