"""Symbols as we and as Interactive Brokers write them."""

from ib_async import Contract, Stock

STOCK, DOLLARS = "STK", "USD"


def stock(symbol: str) -> Stock:
    """The US stock of a symbol, routed by SMART; share classes are written with a space there."""
    return Stock(symbol.replace(".", " "), "SMART", DOLLARS)


def symbol_of(contract: Contract) -> str:
    """The symbol as we write it."""
    return contract.symbol.replace(" ", ".")


def is_us_stock(contract: Contract) -> bool:
    """Whether it is one that a symbol of ours can stand for; abroad another stock may have its name."""
    return contract.secType == STOCK and contract.currency == DOLLARS
