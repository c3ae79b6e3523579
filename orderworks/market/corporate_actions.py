"""``corporate_actions.csv`` of a market directory: the splits and cash dividends of its symbols.

Its columns are date, symbol, kind and value: the ex-date, ``split`` or ``dividend``, and for a
split new shares for one old (``2``, ``3/2``, ``1/10``), for a dividend dollars a share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from orderworks.market.data import MarketData
from orderworks.market.rows import read_rows
from orderworks.model.corporate_action import ActionKind, CorporateAction
from orderworks.model.errors import MarketDataError

if TYPE_CHECKING:
    import pandas as pd

CORPORATE_ACTIONS = "corporate_actions.csv"
COLUMNS = ("date", "symbol", "kind", "value")

LARGEST = 1_000_000_000
"""Of what a value is made of: no share ever split into more, nor paid as much."""

_RATIO = re.compile(r"[+-]?[0-9./]{1,30}")
"""Without an exponent, which makes numbers of any length."""


def read_corporate_actions(path: Path) -> list[CorporateAction]:
    """Every action of the file, by date; of a symbol's day, dividends first. No file: none.

    Raises:
        MarketDataError: naming the file and the row that cannot be used.
    """
    actions: dict[tuple[date, str, ActionKind], CorporateAction] = {}
    for row, cells in read_rows(path, COLUMNS):
        try:
            action = _action(cells)
        except ValueError as error:
            raise MarketDataError(f"{path} row {row}: {error}; correct the file") from None
        key = (action.ex_date, action.symbol, action.kind)
        if key in actions:
            raise MarketDataError(
                f"{path} row {row}: {action.symbol} has a second {action.kind} on "
                f"{action.ex_date}; write it as one"
            )
        actions[key] = action
    return [actions[key] for key in sorted(actions)]


def actions_between(
    actions: Iterable[CorporateAction], after: date, until: date
) -> list[CorporateAction]:
    """The actions with after < ex-date <= until, in their order."""
    return [action for action in actions if after < action.ex_date <= until]


def close_before(market: MarketData, action: CorporateAction) -> Decimal:
    """The last daily close before an action, unadjusted.

    Raises:
        MarketDataError: if the symbol has none.
    """
    from orderworks.model.exact import to_decimal

    daily = market.daily_before(action.ex_date)
    closes = daily.loc[daily["symbol"] == action.symbol, "close"]
    if closes.empty:
        raise MarketDataError(
            f"the {action.kind} of {action.symbol} on {action.ex_date} needs the close before it, and "
            "daily.csv has none; add it"
        )
    return to_decimal(closes.iloc[-1], "close")


def in_todays_shares(
    daily: pd.DataFrame, actions: Iterable[CorporateAction], *, are_prices: bool
) -> pd.DataFrame:
    """Daily prices, or else volumes, as they would have been in the shares after these splits.

    Args:
        daily: one row a day, by date, and one column a symbol.
    """
    import pandas as pd

    splits = [one for one in actions if one.ratio is not None and one.symbol in daily.columns]
    adjusted = daily.astype(float) if splits else daily
    for split in splits:
        before = adjusted.index < pd.Timestamp(split.ex_date)
        factor = float(split.ratio or 1)
        adjusted.loc[before, split.symbol] *= 1 / factor if are_prices else factor
    return adjusted


def last_closes(market: MarketData, day: date) -> pd.Series[float]:
    """The last daily close of each symbol before a day, in the shares of that day."""
    last = market.daily_before(day).drop_duplicates("symbol", keep="last").set_index("symbol")
    closes = last["close"].astype(float)
    for action in market.corporate_actions(date.min, day):
        known = action.ratio is not None and action.symbol in closes.index
        if known and last["date"][action.symbol].date() < action.ex_date:
            closes[action.symbol] /= float(action.ratio or 1)
    return closes


def _action(cells: dict[str, str]) -> CorporateAction:
    ex_date = date.fromisoformat(cells["date"])
    if not cells["symbol"]:
        raise ValueError("symbol is missing")
    try:
        kind = ActionKind(cells["kind"])
    except ValueError:
        raise ValueError(f"kind must be split or dividend, not {cells['kind']!r}") from None
    if kind is ActionKind.SPLIT:
        return CorporateAction(ex_date, cells["symbol"], kind, ratio=_ratio(cells["value"]))
    return CorporateAction(ex_date, cells["symbol"], kind, amount=_amount(cells["value"]))


def _ratio(text: str) -> Fraction:
    try:
        ratio = Fraction(text if _RATIO.fullmatch(text) else "")
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"value of a split must be like 2 or 3/2, not {text!r}") from None
    if max(ratio.numerator, ratio.denominator) > LARGEST:
        raise ValueError(f"value of a split must be of numbers up to {LARGEST:,}, not {text!r}")
    return ratio


def _amount(text: str) -> Decimal:
    from orderworks.model.exact import to_decimal

    amount = to_decimal(text, "value of a dividend")
    if amount > LARGEST or 0 < amount < 1 / Decimal(LARGEST):
        raise ValueError(
            f"value of a dividend must be between 1/{LARGEST:,} and {LARGEST:,}, not {text}"
        )
    return amount
