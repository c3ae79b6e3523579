"""Symbols that a handoff names, as the market knows them."""

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.model.errors import InputError


def require_known(desk: Desk, table: pd.DataFrame, name: str) -> None:
    """Every symbol must be one that can be traded.

    Args:
        table: row, symbol.
        name: of the handoff, for the error.

    Raises:
        InputError: naming each symbol that cannot, with its first row and why.
    """
    first = table.drop_duplicates("symbol").set_index("symbol")["row"]
    doubtful = desk.market.doubtful([str(symbol) for symbol in first.index])
    if doubtful:
        each = "; ".join(f"row {first[s]}: {s}: {why}" for s, why in doubtful.items())
        raise InputError(f"{name}: {each}; correct the symbols or leave them out")
