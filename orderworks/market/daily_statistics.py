"""What daily bars say of symbols: their mean volume and their volatility. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from orderworks.market.corporate_actions import in_todays_shares
from orderworks.model.corporate_action import CorporateAction

if TYPE_CHECKING:
    import pandas as pd


def mean_volumes(
    daily: pd.DataFrame, symbols: Sequence[str], days: int, actions: Iterable[CorporateAction]
) -> pd.Series[float]:
    """``MarketData.average_daily_volume`` of bars as ``daily_before`` has them."""
    volumes = _last_sessions(daily, "volume", days, actions)
    return volumes.mean().reindex(list(symbols)).rename("average_daily_volume")


def volatilities(
    daily: pd.DataFrame, symbols: Sequence[str], days: int, actions: Iterable[CorporateAction]
) -> pd.Series[float]:
    """``MarketData.daily_volatility`` of bars as ``daily_before`` has them."""
    import numpy as np

    # One close more than returns.
    closes = _last_sessions(daily, "close", days + 1, actions)
    returns = closes.apply(np.log).diff()
    return returns.std(ddof=1).reindex(list(symbols)).rename("daily_volatility")


def _last_sessions(
    daily: pd.DataFrame, column: str, days: int, actions: Iterable[CorporateAction]
) -> pd.DataFrame:
    """``column``, adjusted for splits: a row a session, a column a symbol."""
    if days < 1:
        raise ValueError(f"days must be positive, not {days}")
    latest = daily["date"].drop_duplicates().tail(days)
    recent = daily[daily["date"].isin(latest)]
    values = recent.pivot(index="date", columns="symbol", values=column)
    return in_todays_shares(values, actions, are_prices=column != "volume")
