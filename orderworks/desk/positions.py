"""Signals beside what is held and open of them."""

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.facts import attributed_shares
from orderworks.model.instrument import DEFAULT_LOT


def with_positions(desk: Desk, signals: pd.DataFrame) -> pd.DataFrame:
    """Signals with the account's shares, and with those that each signal's target is netted against.

    A strategy's target is netted against what its own orders hold and have open. What no strategy
    accounts for (opening balances, a foreign order) goes to the first signal of its symbol, so
    that the account ends at the sum of the targets. A target by ``weight`` speaks for the whole
    account.
    """
    held = {
        symbol: position.quantity
        for symbol, position in booked_portfolio(desk.ledger, desk.account).positions.items()
    }
    attributed = attributed_shares(desk.ledger, desk.account)
    own_held = {(row.strategy, row.symbol): row.holdings for row in attributed}
    own_open = {(row.strategy, row.symbol): row.open_remaining for row in attributed}
    open_buys = _by_symbol({(row.strategy, row.symbol): row.open_buys for row in attributed})
    open_sells = _by_symbol({(row.strategy, row.symbol): row.open_sells for row in attributed})
    unattributed = {
        symbol: held.get(symbol, 0) - shares for symbol, shares in _by_symbol(own_held).items()
    } | {symbol: shares for symbol, shares in held.items() if symbol not in _by_symbol(own_held)}

    table = signals.copy()
    symbols = table["symbol"].tolist()
    table["holdings"] = [held.get(symbol, 0) for symbol in symbols]
    table["open_buys"] = [open_buys.get(symbol, 0) for symbol in symbols]
    table["open_sells"] = [open_sells.get(symbol, 0) for symbol in symbols]
    if "weight" in table:
        table["own_holdings"] = table["holdings"]
        table["own_open_remaining"] = table["open_buys"] - table["open_sells"]
    else:
        keys = list(zip(table["strategy"].tolist(), symbols, strict=True))
        first = ~table["symbol"].duplicated()
        table["own_holdings"] = [
            own_held.get(key, 0) + (unattributed.get(key[1], 0) if is_first else 0)
            for key, is_first in zip(keys, first, strict=True)
        ]
        table["own_open_remaining"] = [own_open.get(key, 0) for key in keys]
    lots = desk.market.lot_sizes(symbols)
    table["lot_size"] = [lots.get(symbol, DEFAULT_LOT) for symbol in symbols]
    return table


def _by_symbol(shares: dict[tuple[str, str], int]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (_, symbol), quantity in shares.items():
        totals[symbol] = totals.get(symbol, 0) + quantity
    return totals
