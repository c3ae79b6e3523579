"""Symbols as we and as Interactive Brokers write them."""

from ib_async import Contract, Stock

STOCK = "STK"


def stock(symbol: str) -> Stock:
    """The US stock of a symbol, routed by SMART; share classes are written with a space there."""
    return Stock(symbol.replace(".", " "), "SMART", "USD")


def symbol_of(contract: Contract) -> str:
    """The symbol as we write it."""
    return contract.symbol.replace(" ", ".")
